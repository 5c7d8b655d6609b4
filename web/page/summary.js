// Health, rates, memory and events: what is on the page besides the chart and the tables.
import { element, find, KeyedList, setClass, setText } from './dom.js';
import { bytes, clock, count, duration } from './format.js';
import { said, say } from './texts.js';

const sum = (tunnels, field) => tunnels.reduce((all, t) => all + (t[field] ?? 0), 0);
/** Connected; one that is disabled is, too. */
export const isUp = (bridge) => bridge.state !== 'down';

/** {text, level} of all tunnels: what a glance should tell. */
export function health(tunnels, role) {
  const bridges = tunnels.flatMap((t) => t.bridges);
  const up = bridges.filter(isUp).length;
  if (role === 'server') {
    if (!tunnels.length) return { text: say('No clients'), level: '' };
    const one = tunnels.length === 1;
    const named = one ? say('1 tunnel, {0} bridges up', count(up)) : say('{0} tunnels, {1} bridges up', count(tunnels.length), count(up));
    return { text: named, level: up < bridges.length ? 'warn' : 'good' };
  }
  const wanted = bridges.length;  // a path's missing ones have rows, also while another path has more than it wants
  const slow = bridges.some((b) => b.state === 'suspect');
  const disabled = bridges.filter((b) => b.state === 'disabled').length;
  const text = disabled ? say('{0}/{1} bridges up, {2} disabled', up, wanted, disabled) : say('{0}/{1} bridges up', up, wanted);
  const spent = tunnels.some((t) => t.quota_used_up);
  return { text, level: up === 0 || spent ? 'bad' : up < wanted || slow ? 'warn' : 'good' };
}

export function showHealth(snapshot, tunnels) {
  const { text, level } = health(tunnels, snapshot.role);
  setText(find('health'), text);
  setClass(find('dot'), `dot ${level}`);
  const vacant = tunnels.flatMap((t) => t.patterns ?? []).filter((p) => p.paths === 0).map((p) => p.interface);
  const waits = vacant.length ? say('waiting for an interface with a default route: {0}', vacant.join(', ')) : '';
  const error = snapshot.role === 'client' && level === 'bad' ? tunnels[0].paths?.find((p) => p.last_error)?.last_error : '';
  const spent = tunnels.some((t) => t.quota_used_up) ? say('the key has carried all that the server lets it carry this month') : '';
  const failed = snapshot.failed_logins_total ? say('{0} failed logins, most from {1}', count(snapshot.failed_logins_total), snapshot.failed_logins[0].address) : '';
  const program = `mtcp-${snapshot.role}`;
  const parts = [spent, spent ? '' : error, waits, choice(snapshot.servers), failed, lockedOut(snapshot.locked_out), `${program} ${snapshot.version}`];
  setText(find('about'), [...parts, say('up {0}', duration(snapshot.uptime_seconds))].filter(Boolean).join(' · '));
  document.title = `${text} · ${program}`;
}

/** The addresses that a server does not listen to for a while: "192.0.2.7 and 2 more locked out". */
function lockedOut(addresses = []) {
  if (!addresses.length) return '';
  const [{ address }] = addresses;
  return addresses.length > 1 ? say('{0} and {1} more locked out', address, count(addresses.length - 1)) : say('{0} locked out', address);
}

/** Which of several servers new connections go through: "through b:8443, server 2 of 3". */
function choice(servers = []) {
  const used = servers.findIndex((one) => one.used);
  return used < 0 ? '' : say('through {0}, server {1} of {2}', servers[used].name, used + 1, servers.length);
}

function showRate(node, perSecond) {
  const [figure, unit] = bytes(perSecond).split(' ');
  if (!node.firstElementChild) node.replaceChildren('', element('small'));
  node.firstChild.data = `${figure} `;
  setText(node.lastChild, `${unit}/s`);
}

export function showRates(tunnels) {
  showRate(find('rate-down'), sum(tunnels, 'rate_down'));
  showRate(find('rate-up'), sum(tunnels, 'rate_up'));
  setText(find('total-down'), say('{0} in all', bytes(sum(tunnels, 'bytes_down'))));
  setText(find('total-up'), say('{0} in all', bytes(sum(tunnels, 'bytes_up'))));
  setText(find('streams-active'), count(sum(tunnels, 'streams_active')));
  setText(find('streams-total'), say('{0} in all', count(sum(tunnels, 'streams_total'))));
}

/** What a client's rules keep from the tunnel; nothing as long as they have kept nothing. */
export function showDirect({ direct, blocked }) {
  const told = [];
  if (direct?.connections_total || direct?.datagrams_total)
    told.push(say('{0} direct, {1} in all', count(direct.connections_active), bytes(direct.bytes_up + direct.bytes_down)));
  if (blocked?.connections_total || blocked?.datagrams_total) told.push(say('{0} blocked', count(blocked.connections_total + blocked.datagrams_total)));
  setText(find('direct'), told.join(' · '));
}

// A server has one budget per tunnel: the fullest is shown.
const stores = [
  { label: say('Reorder buffer'), used: 'reorder_bytes', most: 'receive_budget' },
  { label: say('Received, not read yet'), used: 'receive_memory', most: 'receive_budget' },
  { label: say('Sent, not acknowledged'), used: 'send_memory', most: 'send_budget' },
];
const memoryList = new KeyedList(find('memory'), {
  key: (item) => item.label,
  make: (item) => {
    const made = element('div');
    const meter = element('meter');
    meter.ariaLabel = item.label;
    Object.assign(meter, { min: 0, low: 0.6, high: 0.85, optimum: 0, max: 1 });
    const figures = element('dd');
    figures.append(element('span'), meter);
    made.append(element('dt', '', item.label), figures);
    return made;
  },
  update: (node, { used, most }) => {
    const [told, meter] = node.children[1].children;
    setText(told, say('{0} of {1}', bytes(used), bytes(most)));
    meter.value = most ? used / most : 0;
  },
});

export function showMemory(tunnels, { memory, keys = [] }) {
  const shown = stores.map(({ label, used, most }) => {
    const fullest = tunnels.reduce((a, t) => (!a || t[used] > a[used] ? t : a), null);
    return { label, used: fullest?.[used] ?? 0, most: fullest?.[most] ?? 0 };
  });
  if (memory?.limit) shown.push({ label: say('All tunnels'), used: memory.used, most: memory.limit });
  for (const k of keys) if (k.max_memory) shown.push({ label: say('All of {0}', k.user), used: k.memory, most: k.max_memory });
  const months = keys.filter((k) => k.max_month_bytes);
  for (const k of months) shown.push({ label: say('This month, {0}', k.user), used: k.month_bytes, most: k.max_month_bytes });
  setText(find('memory-title'), months.length ? say('Memory, and bytes this month') : say('Memory'));
  memoryList.show(shown);
}

const seen = new Map();  // events by number
const logList = new KeyedList(find('log'), {
  key: (event) => event.number,
  make: (event) => {
    const made = element('li');
    made.append(element('time', '', clock(event.time)), element('span', event.level, said(event.text)));
    return made;
  },
  update: () => {},
});

export function showEvents(events) {
  if (events.length && events.at(-1).number < Math.max(0, ...seen.keys())) seen.clear();  // the program was restarted
  for (const e of events) seen.set(e.number, e);
  while (seen.size > 200) seen.delete(Math.min(...seen.keys()));
  logList.show([...seen.values()].sort((a, b) => b.number - a.number));
}
