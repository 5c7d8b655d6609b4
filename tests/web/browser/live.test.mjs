// The dashboard in a browser, of programs that really carry a download.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { missing, openBrowser } from './browser.mjs';
import { openStage } from './stage.mjs';

const skip = await missing();
let stage, browser, page;

before(async () => {
  if (skip) return;
  [stage, browser] = await Promise.all([openStage(), openBrowser()]);
  page = await browser.newPage();
  await page.goto(`http://${stage.client}/`);
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

const text = (selector) => page.locator(selector).textContent();
const until = (condition, argument) => page.waitForFunction(condition, argument, { timeout: 20_000 });
const bridgeRow = (id) => page.locator('#bridges tbody tr').filter({ hasText: new RegExp(`^${id} · `) });
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

test('numbers move during a download', { skip }, async () => {
  const download = stage.download(1e9);
  await until(() => /[5-9]|\d\d/.test(document.getElementById('rate-down').textContent) && document.getElementById('rate-down').textContent.includes('MB/s'));
  const total = await text('#total-down');
  await until((old) => document.getElementById('total-down').textContent !== old, total);
  assert.equal(await text('#health'), '5/5 bridges up');
  assert.equal(await page.locator('#bridges tbody tr').count(), 5);
  assert.match(await text('#streams tbody'), /127\.0\.0\.1:\d+.*MB\/s/);
  assert.match(await page.title(), /^5\/5 bridges up/);
  download.stop();
  await until(() => document.getElementById('streams').textContent.includes('No open streams'));
});

test('a killed bridge turns red and comes back', { skip }, async () => {
  const before = await page.locator('#bridges tbody tr').first().evaluate((row) => getComputedStyle(row).backgroundColor);
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
  const rows = page.locator('#bridges tbody tr');
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
