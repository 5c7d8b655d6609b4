// The page as axe-core judges it (rules of WCAG and its best practices), with everything on it that there can be.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { browser, skip, stage } from './dashboard.mjs';
import { openFake } from './fake.mjs';

const screens = { desktop: { viewport: { width: 1280, height: 900 } }, phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } };

/** What axe finds, in words: the rule, and where. */
async function complaints(page) {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
  const { violations, incomplete } = await page.evaluate(() => axe.run());
  const told = (all) => all.map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.target} (${n.failureSummary})`).join('; ')}`);
  // What axe leaves for people to judge: contrast above a canvas, and the column of actions, which is empty at a server.
  const judged = ['color-contrast', 'th-has-data-cells'];
  return [...told(violations), ...told(incomplete.filter(({ id }) => !judged.includes(id)))];
}

async function open(options, role) {
  const page = await openFake(browser, stage.client, { ...options, bypassCSP: true }, role === 'client');
  await page.evaluate((atServer) => {
    const amount = { bytes_up: 1e6, bytes_down: 2e6 };
    const named = (name) => ({ name, today: amount, week: amount, month: amount });
    fake.totals = { today: '2026-11-30', destinations_kept: true, destinations: [named('example.org')], sources: [], users: [], paths: [] };
    fake.closed = { destinations_kept: true, streams: [{ number: 1, time: 1e9, target: 'example.org:443', source: '192.0.2.7', user: '', direct: true, bytes_up: 1, bytes_down: 2, age_seconds: 3, ended: 'closed' }] };
    fake.past['1h'] = fake.pastOf('1h', 10, 360, [{ path: 'a:1', values: Array(360).fill(20) }]);
    fake.test = { running: false, doing: '', text: ['Result: mtcp helps here'] };
    const s = fake.full(['a.example.org:443', 'b.example.org:80']);
    s.streams = s.streams.slice(-6);  // axe looks at every cell
    fake.send(atServer ? fake.atServer(s) : s);
  }, role === 'server');
  await page.locator('#streams tbody tr').nth(2).waitFor();
  await page.locator('#lines-legend li').first().waitFor();
  if (role === 'client') {
    for (const [title, table] of [['Totals', 'totals'], ['Closed streams', 'closed']]) {
      await page.getByText(title, { exact: true }).click();
      await page.locator(`#${table} tbody tr`).first().waitFor();
    }
  }
  return page;
}

for (const [name, screen] of Object.entries(screens)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing: ${name}, ${colorScheme}`, { skip }, async () => {
      for (const role of ['client', 'server']) {
        const page = await open({ ...screen, colorScheme }, role);
        assert.deepEqual(await complaints(page), [], role);
        await page.close();
      }
    });
  }
}

test('axe finds nothing of a page that has lost its program', { skip }, async () => {
  const page = await open(screens.desktop, 'client');
  await page.evaluate(() => fake.sources[0].onerror());
  await page.locator('#notice').waitFor();
  assert.deepEqual(await complaints(page), []);
  await page.close();
});

test('axe would find something', { skip }, async () => {
  const page = await open(screens.desktop, 'client');
  await page.evaluate(() => {
    document.getElementById('filter').removeAttribute('aria-label');
    document.getElementById('filter').removeAttribute('placeholder');
  });
  assert.match((await complaints(page)).join(), /^label: #filter/);
  await page.close();
});
