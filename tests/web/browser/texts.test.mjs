// The page in Chinese: every English text has a Chinese one, and nothing English is left of the page's own words.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { browser, skip, stage } from './dashboard.mjs';
import { openFake } from './fake.mjs';

let sources = '';  // of all modules but the dictionary, and of the document
let page, program;

before(async () => {
  if (skip) return;
  const read = async (path) => (await fetch(`http://${stage.client}/${path}`)).text();
  const modules = new Set(['main.js']);
  for (const name of modules) {  // a Set goes on over what is added meanwhile
    const text = await read(name);
    for (const [, more] of text.matchAll(/from '\.\/(\w+\.js)'/g)) modules.add(more);
    if (name !== 'chinese.js') sources += text;
  }
  sources += (await read('')).replace(/<script[^>]*>.*?<\/script>|<noscript>.*?<\/noscript>/gs, '');
  const chinese = await read('chinese.js');
  ({ page, program } = await import(`data:text/javascript,${encodeURIComponent(chinese)}`));
});

/** The texts of the page's visible words, and of what is read aloud. Runs in the page. */
function words() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [document.title];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (!node.parentNode.closest('script, noscript')) found.push(node.data.trim());
  for (const node of document.body.querySelectorAll('*')) for (const name of ['aria-label', 'placeholder', 'title']) found.push(node.getAttribute(name) ?? '');
  return [...new Set(found)].filter(Boolean);
}

/** Names and units, which are the same in every language. */
const same = new RegExp([
  'bridge', 'stream', 'mtcp(-client|-server)?', 'RTT', 'MTU', 'PAC', 'bash', 'zsh', 'fish', 'curl', 'shell', 'Ctrl-C', 'bbr', 'alice', 'bob', 'spare', '--no-destinations',
  'Mbit/s', '[kMGT]?B(/s)?', '[smhd]', 'ms', 'min', '(https?://)?[a-z0-9.-]+:\\d+', 'a\\.example\\.org', 'example\\.org', '5f',
].map((one) => `(?<![A-Za-z])${one}(?![A-Za-z])`).join('|'), 'g');

const leftOver = (texts) => texts.filter((text) => /[A-Za-z]/.test(text.replace(same, '')));

test('every text of the page has a Chinese one', { skip }, async () => {
  const said = [...sources.matchAll(/\bsay\('((?:[^'\\]|\\.)*)'/g)].map(([, text]) => text);
  assert.ok(said.length > 80, `${said.length} texts`);
  const states = ['up', 'down', 'suspect', 'connecting', 'disabled', 'active', 'backup', 'overflow', 'never'];
  const periods = [...sources.matchAll(/'(\{0\} of \{1\} [^']*)'/g)].map(([, text]) => text);
  assert.deepEqual([...said, ...states, ...periods].filter((text) => !page[text]), []);
});

test('every text has the same parts in both languages', { skip }, () => {
  const parts = (text) => [...text.matchAll(/\{\d\}/g)].map(([part]) => part).sort().join();
  for (const [english, chinese] of Object.entries({ ...page, ...program })) assert.equal(parts(chinese), parts(english), english);
});

test('no text is translated that the page does not have', { skip }, () => {
  const states = ['up', 'down', 'suspect', 'connecting', 'disabled'];  // they come from the program
  assert.deepEqual(Object.keys(page).filter((text) => !sources.includes(text) && !states.includes(text)), []);
});

test('what stands in the document is in the dictionary', { skip }, async () => {
  const english = await browser.newPage({ locale: 'en-GB', javaScriptEnabled: false });
  await english.goto(`http://${stage.client}/`);
  assert.deepEqual(leftOver(await english.evaluate(words)).filter((text) => !page[text]), []);
  await english.close();
});

for (const role of ['client', 'server']) {
  test(`no English label is left on a ${role}'s page in Chinese`, { skip }, async () => {
    const chinese = await openFake(browser, stage.client, { locale: 'zh-CN' }, role === 'client');
    await chinese.evaluate((atServer) => {
      fake.past['1h'] = fake.pastOf('1h', 10, 360, [{ path: 'spare', values: [20] }, { path: '', others: true, values: [20] }]);
      const amount = { bytes_up: 1e6, bytes_down: 2e6 };
      fake.totals = { today: '2026-11-30', destinations_kept: false, destinations: [], sources: [{ name: '', today: amount, week: amount, month: amount }], users: [], paths: [] };
      fake.closed = { destinations_kept: true, streams: ['closed', 'ended by this program', 'reset by the application', 'reset by the destination, or the tunnel was lost']
        .map((ended, i) => ({ number: i + 1, time: 1e9, target: 'example.org:443', source: '192.0.2.7', user: '', direct: true, bytes_up: 1, bytes_down: 2, age_seconds: 3, ended })) };
      const s = fake.full(['a.example.org:443']);
      Object.assign(s, { locked_out: [{ address: '192.0.2.7' }, { address: '192.0.2.8' }], memory: { used: 1e6, limit: 1e9 },
        keys: [{ user: 'alice', memory: 1, max_memory: 2, month_bytes: 1, max_month_bytes: 2 }] });
      fake.send(atServer ? fake.atServer(s) : s);
    }, role === 'server');
    await chinese.locator('#lines-legend li').nth(1).waitFor();
    if (role === 'client') {
      for (const title of ['累计流量', '已关闭的 stream']) await chinese.getByText(title, { exact: true }).click();
      await chinese.getByText('不保留目标（--no-destinations）。').waitFor();
      await chinese.locator('#closed tbody tr').nth(3).waitFor();
    }
    assert.deepEqual(leftOver(await chinese.evaluate(words)), []);
    assert.equal(await chinese.evaluate(() => document.documentElement.lang), 'zh-CN');
    if (role === 'client') {
      await chinese.getByRole('button', { name: '停用 bridge 4' }).click();
      await chinese.getByText('停用 bridge 4：完成').waitFor();
      await chinese.getByPlaceholder('筛选').first().fill('nowhere');
      await chinese.getByText('没有符合筛选条件的目标。').waitFor();
    }
    await chinese.close();
  });
}

test('other languages have it in English', { skip }, async () => {
  const german = await openFake(browser, stage.client, { locale: 'de-DE' });
  await german.evaluate(() => fake.send(fake.snapshot(1, 1, 0)));
  await german.getByText('1/1 bridges up').waitFor();
  assert.equal(await german.evaluate(() => document.documentElement.lang), 'en');
  await german.close();
});

test('a name stays a name', { skip }, async () => {
  const chinese = await openFake(browser, stage.client, { locale: 'zh-CN' });
  await chinese.evaluate(() => {
    const s = fake.snapshot(1, 2, 2, (i) => ['Download', 'constructor'][i]);
    s.events = [{ number: 1, time: 1e9, level: 'bad', text: 'constructor' }, { number: 2, time: 1e9, level: 'bad', text: 'bridge 1 lost: toString' }];
    s.bridges[0].why = 'hasOwnProperty';
    fake.send(s);
  });
  await chinese.locator('#log li').nth(1).waitFor();
  assert.deepEqual(await chinese.locator('#log li span').allTextContents(), ['bridge 1 断开：toString', 'constructor']);
  assert.deepEqual((await chinese.locator('#streams tbody td:first-child > span:first-child').allTextContents()).sort(), ['Download', 'constructor']);
  await chinese.close();
});
