// Pictures of the dashboard during a real download over five throttled bridges, for the README.
//   node screenshots.mjs OUTPUT-DIRECTORY     (environment as for the tests; ./dev screenshots sets it)
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { missing, openBrowser } from './browser.mjs';
import { openStage } from './stage.mjs';

const target = process.argv[2];
const why = await missing();
if (why || !target) throw new Error(why || 'usage: node screenshots.mjs OUTPUT-DIRECTORY');

const [stage, browser] = await Promise.all([openStage(), openBrowser()]);
const views = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 1000 }, fullPage: true },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 1000 }, fullPage: true },
};
const pages = await Promise.all(Object.values(views).map(async (options) => {
  const page = await browser.newPage(options);
  await page.goto(`http://${stage.client}/`);
  await page.getByRole('button', { name: '1 min', exact: true }).click();
  return page;
}));

// Something to see: one long download, others that come and go, an upload, a bridge that slows down, one that is lost and
// replaced, and one that is lost just now.
stage.download(2e9);
await sleep(14_000);
for (const size of [2e7, 6e7, 4e8]) stage.download(size, 'localhost');
await sleep(8_000);
stage.upload(45e6);
await sleep(8_000);
stage.tell('slow 1 1200000');
await sleep(9_000);
stage.tell('lose 2');
await sleep(16_000);
stage.upload(9e7);
await sleep(5_000);
stage.tell('door shut');
stage.tell('lose 0');
await sleep(3_600);

await Promise.all(pages.map((page, i) => page.screenshot({ fullPage: Object.values(views)[i].fullPage, path: join(target, `${Object.keys(views)[i]}.png`) })));
// And the same moment in a terminal.
process.stdout.write(execFileSync(process.env.MTCP_TEST_CLIENT, ['top', '--once', '--status', stage.client], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8', LINES: '16' } }));
await browser.close();
await stage.end();
