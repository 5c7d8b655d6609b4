// The charts of a day and a month, and those of the lines, with invented figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, skip, stage } from './dashboard.mjs';
import { hostile, openFake } from './fake.mjs';

/** Which of the chart's columns have something drawn in them, as shares of its width: [[from, to], ...]. Runs in the page. */
function drawn(selector) {
  const canvas = document.querySelector(`${selector} canvas`);
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const coloured = (x) => {
    for (let y = 0; y < height; ++y) {
      const [r, g, b, a] = data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
      if (a > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 40) return true;
    }
    return false;
  };
  const runs = [];
  for (let x = 0; x < width; ++x) {
    if (!coloured(x)) continue;
    if (runs.length && runs.at(-1)[1] === x - 1) runs.at(-1)[1] = x;
    else runs.push([x, x]);
  }
  return runs.map(([from, to]) => [from / width, to / width]);
}

const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

async function open(paths, role = 'client') {
  const page = await openFake(browser, stage.client, {}, role === 'client');
  await page.evaluate(([all, atServer]) => {
    for (const [span, step, steps] of [['1h', 10, 360], ['24h', 60, 1440], ['30d', 3600, 720]])
      fake.past[span] = fake.pastOf(span, step, steps, all[span] ?? []);
    const s = fake.snapshot(1, 2, 0);
    fake.send(atServer ? fake.atServer(s) : s);
  }, [paths, role === 'server']);
  return page;
}

const constant = (length, value = 1e6) => Array(length).fill(value);
const choose = (page, name) => page.getByRole('button', { name, exact: true }).click();

test('a day and a month are shown by path, with their gaps', { skip }, async () => {
  const night = [...constant(600), ...Array(240).fill(null), ...constant(600)];
  const page = await open({ '24h': [{ path: 'dsl', values: night }], '30d': [{ path: 'dsl', values: [5e6] }] });
  await choose(page, '24 h');
  await page.locator('#lines-legend li', { hasText: 'dsl' }).waitFor();
  assert.equal(await page.locator('#chart-title').textContent(), 'Throughput by path');
  await page.evaluate(frames);
  for (const chart of ['#chart', '#lines']) {
    const runs = await page.evaluate(drawn, chart);
    assert.equal(runs.length, 2, `${chart}: ${JSON.stringify(runs)}`);
    const gap = (runs[1][0] - runs[0][1]) / (runs[1][1] - runs[0][0]);
    assert.ok(Math.abs(gap - 240 / 1440) < 0.01, `${chart}: the gap has ${gap} of the width`);
  }
  await choose(page, '30 d');
  await page.waitForFunction(() => document.getElementById('lines-legend').textContent === 'dsl5000000 ms, at most 15000000 ms');
  await page.evaluate(frames);
  assert.equal((await page.evaluate(drawn, '#chart')).length, 1, 'one step alone is seen');
  await choose(page, '1 h');
  assert.equal(await page.locator('#chart-title').textContent(), 'Throughput by bridge');
  await page.close();
});

test('the round trip has a line for each path, and can be changed for other figures', { skip }, async () => {
  const page = await open({ '1h': [{ path: 'dsl', values: constant(360, 20) }, { path: 'lte', values: constant(360, 60) }, { path: '', others: true, values: constant(9, 90) }] });
  const legend = page.locator('#lines-legend li');
  await legend.nth(2).waitFor();
  assert.deepEqual(await legend.allTextContents(), ['dsl20 ms, at most 60 ms', 'lte60 ms, at most 180 ms', 'all others90 ms, at most 270 ms']);
  await page.getByLabel('What is shown of the lines').selectOption('In flight');
  assert.deepEqual(await legend.allTextContents(), ['dsl20 B', 'lte60 B', 'all others90 B']);
  await page.locator('#lines').hover();
  assert.match(await page.locator('#lines-reading').textContent(), /^\d\d:\d\d +dsl 20 B +lte 60 B/);
  await page.close();
});

test('a server shows its users, and those of the tunnel that is chosen', { skip }, async () => {
  const page = await open({ '1h': ['alice', 'bob'].map((path) => ({ path, values: constant(360, 20) })) }, 'server');
  const legend = page.locator('#lines-legend li');
  await legend.nth(1).waitFor();
  assert.equal(await page.locator('#lines-title').textContent(), 'Lines by user');
  await page.getByLabel('Tunnel', { exact: true }).selectOption('bob');
  assert.match(await legend.first().textContent(), /^bob/);
  assert.equal(await legend.count(), 1);
  await page.close();
});

test('names of paths are text, and the page keeps its width', { skip }, async () => {
  const page = await open({ '1h': hostile.map((path) => ({ path, values: constant(9, 20) })) });
  await page.locator('#lines-legend li').nth(hostile.length - 1).waitFor();
  assert.equal(await page.locator('#lines-legend img, #lines-legend script').count(), 0);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    await page.locator('#lines').hover();
    await page.evaluate(frames);
    const [inside, outside] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(inside <= outside, `${inside} > ${outside}`);
  }
  assert.equal(await page.evaluate(() => window.owned), undefined);
  await page.close();
});

test('what the program remembers is asked for while it is shown, and not every second', { skip }, async () => {
  const page = await browser.newPage();
  const asked = [];
  page.on('request', (r) => r.url().includes('span=') && asked.push(r.url().split('span=')[1]));
  await page.goto(`http://${stage.client}/`);
  await page.locator('#lines-legend li').nth(1).waitFor();
  assert.deepEqual((await page.locator('#lines-legend li').allTextContents()).map((text) => text.match(/^(fibre|mobile)/)?.[1]).sort(), ['fibre', 'mobile']);
  await choose(page, '24 h');
  await page.waitForFunction(() => document.getElementById('chart-title').textContent === 'Throughput by path');
  const health = await page.locator('#about').textContent();
  await page.waitForFunction((old) => document.getElementById('about').textContent !== old, health);  // a second has passed
  assert.deepEqual(asked, ['1h', '24h']);
  await page.close();
});
