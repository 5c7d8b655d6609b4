// The real page with invented figures: what it asks its program for is answered inside the browser.

/** Names that would do harm if they were taken for anything but text. */
export const hostile = [
  '<img src=x onerror="window.owned=1">', '</td><script>window.owned=1</script>', 'javascript:window.owned=1', '"><svg onload=window.owned=1>',
  '{{7*7}}', '\u202egro.elpmaxe', 'x'.repeat(255), "' onmouseover='window.owned=1",
];

/** Runs in the page before anything else. */
function stub(mayDisable) {
  const fake = { sources: [], posts: [], refuse: 0, test: { running: false, doing: '', text: [] }, past: {}, history: { tick: 0, time: 1e9, bridges: [] } };
  window.fake = fake;
  window.EventSource = class {
    static CLOSED = 2;
    constructor() { this.readyState = 1; fake.sources.push(this); }
    close() { this.readyState = 2; fake.sources = fake.sources.filter((s) => s !== this); }
  };
  fake.send = (snapshot) => fake.sources.forEach((s) => s.onmessage({ data: JSON.stringify(snapshot) }));
  const real = window.fetch.bind(window);
  window.fetch = async (url, options = {}) => {
    const json = (value) => new Response(JSON.stringify(value));
    if (options.method === 'POST') {
      fake.posts.push(`${url} ${options.headers['X-Mtcp-Token']}`);
      return new Response(null, { status: fake.refuse || 204 });
    }
    if (url === 'api/proxy') return json({ sh: "export http_proxy='http://127.0.0.1:1080'\n", fish: 'set -gx', pac: 'http://127.0.0.1:1080/proxy.pac', curl: 'curl' });
    if (url === 'api/history') return json(fake.history);
    if (url.startsWith('api/history?')) return json(fake.past[new URLSearchParams(url.split('?')[1]).get('span')] ?? fake.pastOf('1h', 10, 360, []));
    if (url === 'api/test') return json(fake.test);
    if (url === 'api/totals') return json(fake.totals);
    if (url === 'api/closed') return json(fake.closed);
    if (url === 'api/controls') return json({ token: 'secret', close_stream: true, disable_bridge: mayDisable, enable_bridge: mayDisable, proxy: mayDisable, start_test: mayDisable, change_path: mayDisable, totals: mayDisable, closed: mayDisable });
    return real(url, options);
  };
  /** A client's snapshot number `tick`. */
  fake.snapshot = (tick, bridges, streams, names = (i) => `host-${i}.example.org:443`) => ({
    role: 'client', version: '1.2.3', uptime_seconds: tick, time: 1e9 + tick, tick, events: [],
    tunnel: {
      session: 's', state: 'up', streams_active: streams, streams_total: streams, bytes_up: 1e6 * tick, bytes_down: 1e7 * tick,
      rate_up: 1e6, rate_down: 1e7, reorder_bytes: 0, receive_memory: 0, receive_budget: 1e8, send_memory: 0, send_budget: 1e8,
      paths: [{ name: 'a:1', bridges_wanted: bridges, bridges_up: bridges, reconnects: 0, last_error: '', role: 'active', direction: 'both', rate_limit: 0, congestion: '' }],
    },
    bridges: Array.from({ length: bridges }, (_, i) => ({
      id: i + 1, path: 'a:1', local: '127.0.0.1:5', remote: '127.0.0.1:6', state: 'up', state_seconds: tick, last_error: '',
      bytes_up: 1, bytes_down: 2, rate_up: 1e5, rate_down: 1e6 + 1e5 * ((tick * 7 + i * 3) % 5), rtt_ms: 20 + i, rtt_min_ms: 20,
      in_flight_bytes: 1000, cap_bytes: 2000, delivery_rate: 1e6, retransmitted_bytes: 0, reconnects: 0,
    })),
    direct: { connections_active: 0, connections_total: 0, datagrams_total: 0, bytes_up: 0, bytes_down: 0, rate_up: 0, rate_down: 0 },
    blocked: { connections_total: 0, datagrams_total: 0 },
    streams: Array.from({ length: streams }, (_, i) => ({
      id: i + 1, target: names(i), bytes_up: i, bytes_down: tick * i, rate_up: (i * 31 + tick * 17) % 997, rate_down: (i * 7919 + tick * 104729) % 1e6,
      age_seconds: tick + i,
    })),
  });
  /** A history of paths, each {path, others, values} with one value of every kind a step. */
  fake.pastOf = (span, step, steps, paths) => ({
    span, step_seconds: step, steps, time: 1e9 - (1e9 % step), until: 1e9,
    paths: paths.map(({ path, others = false, values }) => ({
      path, others, up: values, down: values, rtt_ms: values, rtt_most_ms: values.map((v) => v && v * 3), in_flight_bytes: values, retransmitted_bytes: values,
    })),
  });
  /** A client's of which every part of the page has something to show. */
  fake.full = (names) => {
    const s = fake.snapshot(10, 4, 60, (i) => names[i % names.length]);
    const [path] = s.tunnel.paths;
    Object.assign(s, { failed_logins_total: 3, failed_logins: [{ address: '192.0.2.7', count: 3 }], servers: [{ name: 'a:1', used: true }, { name: 'b:1', used: false }] });
    Object.assign(path, {
      why: 'dials paused for 43 s: nobody answers', direction: 'down', rate_limit: 1e6, congestion: 'bbr', proxy: 'http://p:3128', last_replacement: 'faded after 64 MB and 12 s',
      quota: { bytes: 2e10, used_bytes: 5e9, period: 'month', used_up: false },
      found: { fades_after_bytes: 1e7, lives_seconds: 60, freezes_after_bytes_up: 1e6, freezes_after_bytes_down: 1e6, only_small_packets: true, dial_pause_seconds: 2, dials_held_seconds: 9 },
    });
    s.tunnel.paths.push({ ...path, name: 'spare', role: 'backup', why: 'backup: not needed', direction: 'both' });
    ['down', 'suspect', 'disabled'].forEach((state, i) => Object.assign(s.bridges[i], { state }));
    Object.assign(s.bridges[1], { why: 'suspect since 2 s: no progress while others make some', reconnects: 3, retransmitted_bytes: 1e6 });
    Object.assign(s.direct, { connections_active: 1, connections_total: 7 });
    s.blocked.connections_total = 2;
    s.streams.push({ id: 900, direct: true, target: '192.168.1.1:80', bytes_up: 1, bytes_down: 2, rate_up: 3e6, rate_down: 4e9, age_seconds: 5 });
    s.streams.push({ id: 901, source: '192.0.2.9:5', target: '192.168.1.2:80', bytes_up: 1, bytes_down: 2, rate_up: 3e6, rate_down: 3e9, age_seconds: 5 });
    s.events = ['bridge 1 over a:1 up', 'bridge 1 lost: its path is gone', 'tunnel down: streams wait for a bridge', 'session 5f ended', 'path a:1 has come', 'bridge 2 over a:1 makes no progress']
      .map((text, i) => ({ number: i + 1, time: 1e9, level: ['good', 'bad', 'info'][i % 3], text }));
    return s;
  };
  /** The same at a server, of two clients. */
  fake.atServer = ({ tunnel, bridges, streams, ...rest }) => ({
    ...rest, role: 'server', tunnels: ['alice', 'bob'].map((user) => ({ ...tunnel, user, session: user, paths: [], bridges, streams })),
  });
}

/** A page of the program at `where` (host:port), fed by window.fake. The bridges of a server cannot be disabled there. */
export async function openFake(browser, where, options = {}, mayDisable = true) {
  const page = await browser.newPage(options);
  await page.addInitScript(stub, mayDisable);
  // Without the figures that the program has put into it.
  await page.route(`http://${where}/`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/(<script id="first"[^>]*>)[^<]*/, '$1');
    await route.fulfill({ response, body });
  });
  await page.goto(`http://${where}/`);
  await page.waitForFunction(() => window.fake.sources.length === 1);
  return page;
}
