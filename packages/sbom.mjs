// sbom.mjs NAME VERSION PROGRAM COMPILER NPM_LOCK FILE: what is in a program, as a CycloneDX 1.5 document in FILE. The same program on
// the same machine gives the same bytes.
//
// Its shared libraries are what the program itself says; what was compiled into it are the headers and archives below, of
// this machine's packages; the dashboard's modules are those of the lock file.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';

const [name, version, program, compiler, lock, file] = process.argv.slice(2);
// It may be for another machine than this one.
const triplet = output(compiler, '-print-multiarch').trim();

const headers = ['boost/version.hpp', 'nlohmann/json.hpp', 'CLI/CLI.hpp', 'spdlog/version.h', 'fmt/core.h'];
const archives = ['libc.a', 'libssl.a', 'libcares.a', 'libidn2.a', 'libunistring.a', 'libpsl.a', 'libseccomp.a', 'libIPSec_MB.a'];

function output(command, ...words) {
  return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function ownerOf(part) {
  for (const path of new Set([part, realpathSync(part), part.replace(/^\/usr\/lib/, '/lib'), `/usr${part}`])) {
    try {
      return output('dpkg-query', '-S', path).split(': ')[0];
    } catch {
      // The package has it under another of its names.
    }
  }
  return undefined;
}

function debian() {
  const release = readFileSync('/etc/os-release', 'utf8').match(/^VERSION_ID="?([^"\n]+)/m)?.[1];
  return release ? `&distro=debian-${release}` : '';
}

function ofPackage(owner) {
  const [of, number, architecture] = output('dpkg-query', '-W', '-f=${Package}\t${Version}\t${Architecture}', owner).split('\t');
  const purl = `pkg:deb/debian/${encodeURIComponent(of)}@${encodeURIComponent(number)}?arch=${architecture}${debian()}`;
  return { type: 'library', 'bom-ref': purl, name: of, version: number, purl };
}

// Those that it needs, and that these need; none of a program without any.
function sharedLibraries() {
  const found = new Set();
  const look = (file) => {
    for (const [, needed] of output('readelf', '-d', file).matchAll(/\(NEEDED\).*\[(.+)\]/g)) {
      const path = [`/lib/${triplet}`, `/usr/lib/${triplet}`].map((folder) => `${folder}/${needed}`).find(existsSync);
      if (!path || found.has(path)) continue;
      found.add(path);
      look(path);
    }
  };
  look(program);
  return [...found];
}

function compiledIn(isStatic) {
  const found = headers.map((header) => `/usr/include/${header}`);
  if (isStatic) found.push(...archives.map((archive) => `/usr/lib/${triplet}/${archive}`));
  // Compiled with the program: Debian has no archive of it.
  if (isStatic && readFileSync(program).includes('QRcode_encode')) found.push('/usr/include/qrencode.h');
  return found.filter((one) => existsSync(one));
}

function modules() {
  const all = Object.entries(JSON.parse(readFileSync(lock, 'utf8')).packages).filter(([path]) => path !== '');
  return all.map(([path, is]) => {
    const module = path.replace(/^.*node_modules\//, '');
    const purl = `pkg:npm/${module.replace('@', '%40')}@${is.version}`;
    const content = Buffer.from(is.integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
    return { type: 'library', 'bom-ref': purl, name: module, version: is.version, purl, hashes: [{ alg: 'SHA-512', content }] };
  });
}

const shared = sharedLibraries();
const owners = new Set([...shared, ...compiledIn(shared.length === 0)].map(ownerOf).filter((owner) => owner));
const components = [...[...owners].sort().map(ofPackage), ...modules()];
const self = `pkg:generic/${name}@${version}`;
writeFileSync(
  file,
  `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      version: 1,
      metadata: {
        component: { type: 'application', 'bom-ref': self, name, version, purl: self, licenses: [{ license: { id: 'MIT' } }] },
      },
      components,
      dependencies: [{ ref: self, dependsOn: components.map((one) => one['bom-ref']) }],
    },
    null,
    1,
  )}\n`,
);
