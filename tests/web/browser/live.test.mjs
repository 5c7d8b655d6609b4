// The dashboard in a browser, of programs that really carry a download.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { browser, skip, stage } from './dashboard.mjs';

let page;

before(async () => {
  if (skip) return;
  page = await browser.newPage();
  await page.goto(`http://${stage.client}/`);
});

const text = (selector) => page.locator(selector).textContent();
const until = (condition, argument) => page.waitForFunction(condition, argument, { timeout: 20_000 });
const bridgeRow = (id) => page.locator('#bridges tr.bridge').filter({ hasText: new RegExp(`^${id} · `) });
/** Coloured pixels of the chart: what is neither transparent nor grey. */
const colouredPixels = () => page.evaluate(() => {
  const canvas = document.querySelector('#chart canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.slice(i, i + 4);
    count += a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 40;
  }
  return count;
});

test('the first picture has figures, and needs no answer for them', { skip }, async () => {
  await until(() => document.getElementById('health').textContent === '5/5 bridges up');
  const fresh = await browser.newPage();
  await fresh.route('**/api/**', () => {});  // none is ever answered
  await fresh.addInitScript(() => {
    window.pictures = [];
    const look = () => {
      if (document.body) window.pictures.push(document.getElementById('health')?.textContent);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await fresh.goto(`http://${stage.client}/`, { waitUntil: 'commit' });
  await fresh.waitForFunction(() => window.pictures.length > 3);
  assert.deepEqual([...new Set(await fresh.evaluate(() => window.pictures))], ['5/5 bridges up']);
  assert.equal(await fresh.locator('#bridges tr.bridge').count(), 5);
  assert.match(await fresh.locator('#total-down').textContent(), /in all/);
  assert.equal(await fresh.getByRole('button', { name: /^Disable bridge/ }).count(), 5, 'rows have their buttons');
  await fresh.close();
});

test('numbers move during a download', { skip }, async () => {
  const download = stage.download(1e9);
  await until(() => /[5-9]|\d\d/.test(document.getElementById('rate-down').textContent) && document.getElementById('rate-down').textContent.includes('MB/s'));
  const total = await text('#total-down');
  await until((old) => document.getElementById('total-down').textContent !== old, total);
  assert.equal(await text('#health'), '5/5 bridges up');
  assert.equal(await page.locator('#bridges tr.bridge').count(), 5);
  assert.match(await text('#streams tbody'), /127\.0\.0\.1:\d+.*MB\/s/);
  assert.match(await page.title(), /^5\/5 bridges up/);
  download.stop();
  await until(() => document.getElementById('streams').textContent.includes('No open streams'));
});

test('a killed bridge turns red and comes back', { skip }, async () => {
  const before = await page.locator('#bridges tr.bridge').first().evaluate((row) => getComputedStyle(row).backgroundColor);
  stage.tell('door shut');
  stage.tell('lose 0');
  await until(() => document.querySelector('#bridges tr.down'));
  const down = page.locator('#bridges tr.down');
  assert.match(await down.textContent(), /down/);
  assert.notEqual(await down.evaluate((row) => getComputedStyle(row).backgroundColor), before);
  assert.equal(await text('#health'), '4/5 bridges up');
  assert.match(await text('#log'), /lost/);
  stage.tell('door open');
  await until(() => !document.querySelector('#bridges tr.down') && document.getElementById('health').textContent === '5/5 bridges up');
});

test('a reload keeps the chart', { skip }, async () => {
  const before = await colouredPixels();
  assert.ok(before > 50, `${before} pixels`);
  await page.reload();
  await until(() => document.querySelector('#chart canvas') && document.getElementById('total-down').textContent);
  await page.waitForTimeout(100);  // the chart is drawn in the next frame
  const after = await colouredPixels();
  assert.ok(after > before * 0.8, `${after} of ${before} pixels`);
});

test('a bridge is disabled and enabled by the keyboard alone', { skip }, async () => {
  const rows = page.locator('#bridges tr.bridge');
  const id = Number((await rows.first().locator('td').first().textContent()).split(' ')[0]);
  await page.getByRole('button', { name: `Disable bridge ${id}`, exact: true }).focus();
  await page.keyboard.press('Enter');
  await bridgeRow(id).locator('.state-disabled').waitFor();
  assert.match(await text('#health'), /5\/5 bridges up, 1 disabled/);
  assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), `Enable bridge ${id}`, 'the focus stays');
  await page.keyboard.press('Enter');
  await bridgeRow(id).locator('.state-up').waitFor();
  assert.equal(await page.getByRole('status').last().textContent(), `Enable bridge ${id}: done`);
});

test('a stream is closed', { skip }, async () => {
  const download = stage.download(1e9);
  await page.getByRole('button', { name: /^Close the stream to 127\.0\.0\.1:/ }).click();
  assert.notEqual(await download.done, 0, 'curl must not take it for the end');
  await until(() => document.getElementById('streams').textContent.includes('No open streams'));
});

test('the texts to copy lead to the proxy', { skip }, async () => {
  const button = page.getByRole('button', { name: 'Copy for bash, zsh' });
  await button.click();
  const lines = await text('#text');
  assert.ok(lines.includes(`export all_proxy='socks5h://${stage.socks}'`), lines);
  await page.getByRole('button', { name: 'Copy PAC address' }).click();
  const script = await (await fetch(await text('#text'))).text();
  assert.match(script, /FindProxyForURL/);
});

test('the server shows its tunnels', { skip }, async () => {
  await page.goto(`http://${stage.server}/`);
  await until(() => document.getElementById('health').textContent === '1 tunnel, 5 bridges up');
  assert.match(await text('#bridges tr.group'), /session [0-9a-f]{8}/);
  assert.equal(await page.getByRole('button', { name: /^Disable/ }).count(), 0, 'bridges are the client\'s');
});

test('nothing was blocked and nothing failed in the console', { skip }, async () => {
  const fresh = await browser.newPage();
  const complaints = [];
  fresh.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  fresh.on('pageerror', (error) => complaints.push(String(error)));
  await fresh.goto(`http://${stage.client}/`);
  await fresh.waitForFunction(() => document.getElementById('health').textContent.includes('bridges up'));
  assert.deepEqual(complaints, []);
});
