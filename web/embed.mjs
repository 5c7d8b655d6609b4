// Writes a C++ file with the dashboard in it: each file plain and compressed, and an ETag.
//   node embed.mjs OUTPUT.cpp PAGE_DIRECTORY UPLOT_DIRECTORY
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const [output, page, uplot] = process.argv.slice(2);

const files = readdirSync(page).sort().map((name) => [name === 'index.html' ? '/' : `/${name}`, join(page, name)]);
files.push(['/uPlot.js', join(uplot, 'uPlot.iife.min.js')], ['/uPlot.css', join(uplot, 'uPlot.min.css')]);

// Some machines have a char with a sign, and some without.
const bytes = (content) => [...content].map((b) => (b > 127 ? `'\\x${b.toString(16)}'` : b)).join(',');

let source = '#include "status/asset.hpp"\n\nnamespace mtcp::status {\nnamespace {\n';
const rows = files.map(([path, file], i) => {
  const plain = readFileSync(file);
  const gzip = gzipSync(plain, { level: 9 });
  const etag = createHash('sha256').update(plain).digest('hex').slice(0, 16);
  source += `constexpr char plain_${i}[] = {${bytes(plain)}};\nconstexpr char gzip_${i}[] = {${bytes(gzip)}};\n`;
  return `    {"${path}", "${types[extname(file)]}", "\\"${etag}\\"", {plain_${i}, sizeof plain_${i}}, {gzip_${i}, sizeof gzip_${i}}},`;
});
source += `constexpr asset all[] = {\n${rows.join('\n')}\n};\n}  // namespace\n\n`;
source += 'std::span<const asset> assets() noexcept { return all; }\n\n}  // namespace mtcp::status\n';
writeFileSync(output, source);
