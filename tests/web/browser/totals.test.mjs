// Totals and closed streams in the dashboard, with invented figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, skip, stage } from './dashboard.mjs';
import { hostile, openFake } from './fake.mjs';

test('totals are grouped, and filtered by name', { skip }, async () => {
  const page = await openFake(browser, stage.client);
  await page.evaluate((names) => {
    const row = (name, n) => ({ name, today: { bytes_up: 0, bytes_down: n * 1e6 }, week: { bytes_up: 1e9, bytes_down: n * 2e6 }, month: { bytes_up: 2e9, bytes_down: n * 3e6 } });
    fake.totals = { today: '2026-11-30', destinations_kept: true, destinations: [...names.map(row), row('', 99), row('example.org', 50)], sources: [row('192.0.2.7', 7)], users: [], paths: [row('dsl', 5)] };
  }, hostile);
  await page.getByText('Totals', { exact: true }).click();
  const names = page.locator('#totals tbody td:first-child');
  await names.first().waitFor();
  assert.deepEqual(await names.first().textContent(), 'all others');
  assert.equal(await names.count(), hostile.length + 1, 'what carried nothing today is left out');
  assert.equal(await page.locator('#totals img, #totals script').count(), 0);
  await page.getByLabel('Totals in').selectOption('month');
  assert.equal(await names.count(), hostile.length + 2);
  assert.match(await page.locator('#totals tbody tr').first().textContent(), /all others297 MB2\.0 GB2\.3 GB/);
  await page.getByLabel('Filter totals by name').fill('example.org');
  assert.deepEqual(await names.allTextContents(), ['example.org']);
  await page.getByLabel('Filter totals by name').fill('');
  await page.getByLabel('Totals of').selectOption('paths');
  assert.deepEqual(await names.allTextContents(), ['dsl']);
  await page.getByLabel('Totals of').selectOption('users');
  assert.deepEqual(await names.allTextContents(), ['Nothing was carried.']);
  await page.close();
});

test('closed streams say why they ended', { skip }, async () => {
  const page = await openFake(browser, stage.client, { viewport: { width: 360, height: 740 } });
  await page.evaluate((names) => {
    const closed = (target, i) => ({ number: i + 1, time: 1e9, target, source: '192.0.2.7', user: i ? '' : 'alice', direct: i === 1, bytes_up: 1, bytes_down: 2e6, age_seconds: 61, ended: i ? 'closed' : 'reset by the destination, or the tunnel was lost' });
    fake.closed = { destinations_kept: true, streams: names.map(closed) };
  }, hostile);
  await page.getByText('Closed streams', { exact: true }).click();
  const rows = page.locator('#closed tbody tr');
  await rows.nth(hostile.length - 1).waitFor();
  assert.equal(await rows.count(), hostile.length);
  assert.match(await rows.nth(1).textContent(), / direct/);
  assert.equal(await page.evaluate(() => window.owned), undefined);
  const { inside, outside } = await page.locator('#closed').evaluate((e) => ({ inside: e.closest('.scroll').scrollWidth, outside: e.closest('.scroll').clientWidth }));
  assert.ok(inside <= outside, `${inside} > ${outside}`);
  await page.getByLabel('Filter closed streams').fill('TUNNEL WAS LOST');
  assert.equal(await rows.count(), 1);
  assert.match(await rows.first().textContent(), /alice/);
  await page.getByLabel('Filter closed streams').fill('nowhere');
  assert.match(await page.locator('#closed tbody').textContent(), /No closed stream fits/);
  await page.close();
});

test('of a server there are the totals of users alone', { skip }, async () => {
  const page = await openFake(browser, stage.client);
  await page.evaluate(() => {
    const amount = { bytes_up: 1e6, bytes_down: 2e6 };
    fake.totals = { today: '2026-11-30', destinations_kept: false, users: [{ name: 'anna', today: amount, week: amount, month: amount }] };
  });
  await page.getByText('Totals', { exact: true }).click();
  const names = page.locator('#totals tbody td:first-child');
  await names.first().waitFor();
  assert.deepEqual(await names.allTextContents(), ['anna']);
  assert.equal(await page.getByLabel('Totals of').inputValue(), 'users');
  assert.equal(await page.locator('#totals-by option[hidden]').count(), 3);
  await page.close();
});
