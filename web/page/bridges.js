// The table of paths and their bridges. On a server the bridges stand under the tunnel that they belong to.
import { drawSparkline, sparkline, swatch } from './chart.js';
import { can, offer } from './controls.js';
import { element, find, KeyedList, row, setClass, setText, spanColumns } from './dom.js';
import { bytes, count, duration, milliseconds, rate } from './format.js';
import { seriesKey } from './history.js';
import { PathRows } from './path_rows.js';
import { seriesColour } from './plot.js';
import { isUp } from './summary.js';
import { said, say } from './texts.js';

const classes = ['who', 'state', 'n wider', 'n', 'n', 'wider', 'n wide', 'n widest', 'n widest', 'n full', 'act'];

export class BridgeTable {
  constructor() {
    this.table = find('bridges');
    this.pathRows = new PathRows(classes, () => this.draw());
    this.list = new KeyedList(this.table.tBodies[0], {
      key: (item) => item.key,
      make: (item) => (item.tunnel ? this.makeGroup() : item.bridge ? this.makeBridge() : this.pathRows.make()),
      update: (node, item) => {
        if (item.tunnel) this.updateGroup(node, item.tunnel);
        else if (item.bridge) this.updateBridge(node, item);
        else this.pathRows.update(node, item);
      },
    });
    addEventListener('resize', () => spanColumns(this.table));
  }

  show(tunnels, history, grouped) {
    Object.assign(this, { tunnels, history, grouped });
    this.draw();
  }

  draw() {
    const items = this.tunnels.flatMap((t) => (this.grouped ? this.rowsOfServer(t) : this.rowsOfClient(t)));
    this.most = this.mostOfLastMinute(items);
    for (const item of items) item.most = this.most;
    setText(find('bridges-title'), this.grouped ? say('Bridges') : say('Paths and bridges'));
    setClass(this.table, can('disable_bridge') ? '' : 'no-action');  // the bridges of a server are its clients'
    this.list.show(items);
    spanColumns(this.table);
  }

  rowsOfServer(t) {
    return [{ key: `tunnel ${t.session}`, tunnel: t }, ...this.bridgesOf(t, t.bridges)];
  }

  rowsOfClient(t) {
    const rows = [];
    const paths = t.paths ?? [];
    for (const path of paths) {
      const bridges = t.bridges.filter((b) => b.path === path.name);
      const below = this.bridgesOf(t, bridges, path);
      const folded = this.pathRows.isFolded(path, t.bridges.length);
      rows.push({ key: `path ${path.name}`, path, bridges, folded, all: this.allOf(t), carried: this.carriedBy(below) });
      if (!folded) rows.push(...below);
    }
    const others = t.bridges.filter((b) => !paths.some((path) => path.name === b.path));
    return rows.concat(this.bridgesOf(t, others));
  }

  bridgesOf(t, bridges, path) {
    const sorted = [...bridges].sort((a, b) => a.path.localeCompare(b.path) || a.id - b.id);
    return sorted.map((bridge, i) => {
      const key = bridge.id ? seriesKey(t.session, bridge.id) : `/vacant ${t.session} ${bridge.path} ${i}`;
      return { key, bridge, path, session: t.session, all: this.allOf(t) };
    });
  }

  allOf(t) { return t.bridges.reduce((sum, b) => sum + b.rate_up + b.rate_down, 0); }

  /** The last minute of several bridges together. */
  carriedBy(rows) {
    const carried = { up: Array(60).fill(0), down: Array(60).fill(0) };
    for (const { key } of rows) {
      const s = this.history.series.get(key);
      for (let i = 0; s && i < 60; ++i) { carried.up[i] += s.up.at(i - 60); carried.down[i] += s.down.at(i - 60); }
    }
    return carried;
  }

  mostOfLastMinute(items) {
    let most = 1000;
    for (const { key, carried } of items) {
      const s = carried ?? this.history.series.get(key);
      for (let i = 0; s && i < 60; ++i) most = Math.max(most, s.up.at(i - 60) + s.down.at(i - 60));
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
    setText(node.firstChild, [t.user, say('session {0}', t.session), say('{0} bridges', up), `↓ ${rate(t.rate_down)}`, `↑ ${rate(t.rate_up)}`].join(' · '));
  }

  makeBridge() {
    const made = row(classes);
    const [who, state, , , , spark, rtt] = made.cells;
    who.append(swatch(), element('span'), element('span', 'note reason'), element('span', 'error'));
    state.append(element('span'), ' ', element('span', 'quiet'));
    spark.append(sparkline());
    rtt.append(element('span'), element('span', 'quiet'));
    return made;
  }

  updateBridge(node, { key, bridge: b, path, session, all }) {
    const [who, state, share, down, up, spark, rtt, retransmitted, flight, reconnects, act] = node.cells;
    const live = b.state !== 'down';
    setClass(node, b.state === 'up' ? 'bridge' : `bridge ${b.state}`);
    who.firstChild.style.background = `var(${seriesColour(key)})`;
    const [, name, reason, error] = who.children;
    setText(name, b.id ? `${b.id} · ${b.path}` : b.path);
    name.title = b.id ? `${b.path}: ${b.local} → ${b.remote}` : b.path;
    setText(reason, b.why === path?.why ? '' : said(b.why ?? ''));  // its path has said so
    const [word, since] = state.children;
    const shown = stateOf(b, path);
    setClass(word, `state-${shown}`);
    setText(word, say(shown));
    setText(since, b.id ? duration(b.state_seconds) : '');
    setText(error, said(b.last_error));
    error.title = b.last_error;
    setText(share, live && all >= 1 ? `${Math.round((100 * (b.rate_up + b.rate_down)) / all)} %` : '–');
    setText(down, rate(b.rate_down));
    setText(up, rate(b.rate_up));
    drawSparkline(spark.firstChild, this.history.series.get(key), this.most);
    setText(rtt.firstChild, live ? milliseconds(b.rtt_ms) : '–');
    setText(rtt.lastChild, live ? ` / ${milliseconds(b.rtt_min_ms)} ms` : '');
    setText(retransmitted, b.retransmitted_bytes ? bytes(b.retransmitted_bytes) : '–');
    setText(flight, live && b.in_flight_bytes ? bytes(b.in_flight_bytes) : '–');
    setText(reconnects, b.reconnects ? count(b.reconnects) : '–');
    offer(act, live && switchFor(b, session));
  }
}

/** What is not active says so while it works, else it would look like a path that carries nothing because something is wrong. */
const stateOf = (bridge, path) => (bridge.state === 'up' && (path?.role ?? 'active') !== 'active' ? path.role : bridge.state);

function switchFor({ id, state }, session) {
  const what = state === 'disabled' ? 'enable' : 'disable';
  const [word, name] = what === 'enable' ? [say('Enable'), say('Enable bridge {0}', id)] : [say('Disable'), say('Disable bridge {0}', id)];
  return { what: `${what}_bridge`, word, name, path: `api/bridges/${what}`, session, id };
}
