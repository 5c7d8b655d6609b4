// The bridge table. On a server the bridges stand under the tunnel that they belong to.
import { drawSparkline, seriesColour, sparkline, swatch } from './chart.js';
import { can, offer } from './controls.js';
import { element, find, KeyedList, row, setClass, setText, spanColumns } from './dom.js';
import { bytes, count, duration, milliseconds, rate } from './format.js';
import { seriesKey } from './history.js';
import { isUp } from './summary.js';

const classes = ['who', '', 'n wider', 'n', 'n', 'wider', 'n wide', 'n widest', 'n widest', 'n full', 'act'];

export class BridgeTable {
  constructor() {
    this.table = find('bridges');
    this.list = new KeyedList(this.table.tBodies[0], {
      key: (item) => item.key,
      make: (item) => (item.tunnel ? this.makeGroup() : this.makeBridge()),
      update: (node, item) => (item.tunnel ? this.updateGroup(node, item.tunnel) : this.updateBridge(node, item)),
    });
    addEventListener('resize', () => spanColumns(this.table));
  }

  show(tunnels, history, grouped) {
    const items = [];
    for (const t of tunnels) {
      if (grouped) items.push({ key: `tunnel ${t.session}`, tunnel: t });
      const all = t.bridges.reduce((sum, b) => sum + b.rate_up + b.rate_down, 0);
      const paths = new Map((t.paths ?? []).map((path) => [path.name, path]));
      const bridges = [...t.bridges].sort((a, b) => a.path.localeCompare(b.path) || a.id - b.id);
      bridges.forEach((bridge, i) => {
        const key = bridge.id ? seriesKey(t.session, bridge.id) : `/vacant ${t.session} ${i}`;
        items.push({ key, bridge, path: paths.get(bridge.path), session: t.session, all });
      });
    }
    this.history = history;
    this.most = this.mostOfLastMinute(items);
    setClass(this.table, can('disable_bridge') ? '' : 'no-action');  // the bridges of a server are its clients'
    this.list.show(items);
    spanColumns(this.table);
  }

  mostOfLastMinute(items) {
    let most = 1000;
    for (const { key } of items) {
      const s = this.history.series.get(key);
      for (let i = 540; s && i < 600; ++i) most = Math.max(most, s.up[i] + s.down[i]);
    }
    return most;
  }

  makeGroup() {
    const made = element('tr', 'group');
    made.append(element('td', 'all'));
    return made;
  }

  updateGroup(node, t) {
    const up = t.bridges.filter(isUp).length;
    setText(node.firstChild, `${t.user} · session ${t.session} · ${up} bridges · ↓ ${rate(t.rate_down)} · ↑ ${rate(t.rate_up)}`);
  }

  makeBridge() {
    const made = row(classes);
    const [who, state, , , , spark, rtt] = made.cells;
    who.append(swatch(), element('span'), element('span', 'note'), element('span', 'error'));
    state.append(element('span'), ' ', element('span', 'quiet'));
    spark.append(sparkline());
    rtt.append(element('span'), element('span', 'quiet'));
    return made;
  }

  updateBridge(node, { key, bridge: b, path, session, all }) {
    const [who, state, share, down, up, spark, rtt, retransmitted, flight, lost, act] = node.cells;
    const live = b.state !== 'down';
    setClass(node, b.state === 'up' ? '' : b.state);
    who.firstChild.style.background = `var(${seriesColour(key)})`;
    const [, name, note, error] = who.children;
    setText(name, b.id ? `${b.id} · ${b.path}` : b.path);
    name.title = b.id ? `${b.path}: ${b.local} → ${b.remote}` : b.path;
    setText(note, path ? described(path, b) : '');
    const [word, since] = state.children;
    const shown = stateOf(b, path);
    setClass(word, `state-${shown}`);
    setText(word, shown);
    setText(since, b.id ? duration(b.state_seconds) : '');
    setText(error, b.last_error);
    error.title = b.last_error;
    setText(share, live && all >= 1 ? `${Math.round((100 * (b.rate_up + b.rate_down)) / all)} %` : '–');
    setText(down, rate(b.rate_down));
    setText(up, rate(b.rate_up));
    drawSparkline(spark.firstChild, this.history.series.get(key), this.most);
    setText(rtt.firstChild, live ? milliseconds(b.rtt_ms) : '–');
    setText(rtt.lastChild, live ? ` / ${milliseconds(b.rtt_min_ms)} ms` : '');
    setText(retransmitted, b.retransmitted_bytes ? bytes(b.retransmitted_bytes) : '–');
    setText(flight, live && b.in_flight_bytes ? bytes(b.in_flight_bytes) : '–');
    setText(lost, b.reconnects ? count(b.reconnects) : '–');
    offer(act, live && switchFor(b, session));
  }
}

/** A backup that works says so, else it would look like a path that carries nothing because something is wrong. */
const stateOf = (bridge, path) => (bridge.state === 'up' && path?.role === 'backup' ? 'backup' : bridge.state);

/** What sets a path apart from a plain one: "down only · path at most 6.3 MB/s · bbr". */
function described({ role, direction, rate_limit: limit, congestion, found, last_replacement: last }, bridge) {
  const parts = [];
  if (role === 'backup' && bridge.state !== 'up') parts.push('backup');  // else its state says it
  if (direction === 'up' || direction === 'down') parts.push(`${direction} only`);
  if (limit) parts.push(`path at most ${rate(limit)}`);
  if (congestion) parts.push(congestion);
  return parts.concat(findings(found), last ? `last replaced: ${last}` : []).join(' · ');
}

/** What the path was found to do to its connections. */
function findings(found = {}) {
  const parts = [];
  if (found.fades_after_bytes) parts.push(`fades after ${bytes(found.fades_after_bytes)}`);
  if (found.lives_seconds) parts.push(`lives ${duration(found.lives_seconds)}`);
  if (found.freezes_after_bytes_down) parts.push(`freezes after ${bytes(found.freezes_after_bytes_down)} down`);
  if (found.freezes_after_bytes_up) parts.push(`freezes after ${bytes(found.freezes_after_bytes_up)} up`);
  if (found.dial_pause_seconds) parts.push(`dials ${duration(found.dial_pause_seconds)} apart`);
  if (found.dials_held_seconds) parts.push(`dials paused for ${duration(found.dials_held_seconds)}`);
  return parts;
}

function switchFor({ id, state }, session) {
  const what = state === 'disabled' ? 'enable' : 'disable';
  const word = what === 'enable' ? 'Enable' : 'Disable';
  return { what: `${what}_bridge`, word, name: `${word} bridge ${id}`, path: `/api/bridges/${what}`, session, id };
}
