// The row of a path: what it is for, what it carries and why not more; its bridges fold out below it. What it is for can
// be changed here until the client is started again.
import { drawSparkline, sparkline } from './chart.js';
import { can, send } from './controls.js';
import { element, find, row, setClass, setText } from './dom.js';
import { bytes, count, duration, rate, spent } from './format.js';
import { said, say } from './texts.js';

const roles = ['active', 'backup', 'overflow', 'never'];
const inMbit = (limit) => (limit ? String(Number(((limit * 8) / 1e6).toPrecision(4))) : '');
const inBytes = (mbit) => Math.round((Number(mbit) * 1e6) / 8);
const sum = (bridges, field) => bridges.reduce((all, b) => all + b[field], 0);
const bytesOf = (bridges, field) => (sum(bridges, field) ? bytes(sum(bridges, field)) : '–');

let silence = 0;

function show(text) {
  clearTimeout(silence);
  setText(find('said'), text);
  silence = setTimeout(() => setText(find('said'), ''), 5000);
}

export class PathRows {
  /** `classes` of the cells; `redraw()` after a path was folded or unfolded. */
  constructor(classes, redraw) {
    Object.assign(this, { classes, redraw, folded: new Map() });  // by name, where the reader has said so
  }

  /** So many bridges that nobody would read them all are folded away at first. */
  isFolded({ name }, all) { return this.folded.get(name) ?? all > 16; }

  make() {
    const made = row(this.classes);
    const [who, state, , , , spark] = made.cells;
    const fold = Object.assign(element('button', 'fold'), { type: 'button' });
    fold.onclick = () => { this.folded.set(made.path.name, fold.ariaExpanded === 'true'); this.redraw(); };
    who.append(fold, element('span', 'note'), element('span', 'note reason'));
    spark.append(sparkline());
    if (can('change_path')) this.addControls(made, state, made.cells[made.cells.length - 1]);
    return made;
  }

  addControls(made, state, act) {
    const role = element('select');
    for (const value of roles) role.append(Object.assign(element('option', '', say(value)), { value }));
    const limit = Object.assign(element('input'), { type: 'number', min: '0', max: '1000000', step: 'any', placeholder: 'Mbit/s' });
    limit.title = say('Mbit/s at most, of all its bridges together, each way');
    made.fields = { role, limit };
    role.onchange = limit.onchange = () => this.change(made);
    state.append(role);
    act.append(limit);
  }

  /** `carried` is the last minute of its bridges, for the line. */
  update(node, { path, bridges, folded, all, carried, most }) {
    const [who, state, share, down, up, spark, rtt, retransmitted, flight, reconnects] = node.cells;
    const [fold, note, reason] = who.children;
    node.path = path;
    setClass(node, `path ${folded ? worst(path, bridges) : ''}`.trim());
    setText(fold, path.name);
    if (fold.ariaLabel !== path.name) fold.ariaLabel = path.name;  // without the triangle
    if (fold.ariaExpanded !== String(!folded)) fold.ariaExpanded = String(!folded);
    setText(note, described(path));
    setText(reason, said(path.why ?? ''));
    if (node.fields) this.fillControls(path, node.fields);
    else setText(state, say(path.role));
    const carries = sum(bridges, 'rate_up') + sum(bridges, 'rate_down');
    setText(share, all >= 1 ? `${Math.round((100 * carries) / all)} %` : '–');
    setText(down, rate(sum(bridges, 'rate_down')));
    setText(up, rate(sum(bridges, 'rate_up')));
    drawSparkline(spark.firstChild, carried, most);
    setText(rtt, '–');
    setText(retransmitted, bytesOf(bridges, 'retransmitted_bytes'));
    setText(flight, bytesOf(bridges, 'in_flight_bytes'));
    setText(reconnects, path.reconnects ? count(path.reconnects) : '–');
  }

  /** What somebody is about to change stays as it is. */
  fillControls(path, { role, limit }) {
    const shown = [[role, path.role, say('Role of {0}', path.name)], [limit, inMbit(path.rate_limit), say('Limit of {0} in Mbit/s', path.name)]];
    for (const [field, value, name] of shown) {
      if (field !== document.activeElement && field.value !== value) field.value = value;
      if (field.ariaLabel !== name) field.ariaLabel = name;
    }
  }

  async change({ path, fields: { role, limit } }) {
    const { name, rate_limit: before } = path;
    // As long as nobody has typed another one the limit stays as exact as it was.
    const limitInBytes = limit.value === inMbit(before) ? before : inBytes(limit.value);
    try {
      if (!limit.checkValidity()) throw new Error(say('expected a number of Mbit/s'));
      await send(`api/paths/change?name=${encodeURIComponent(name)}&role=${role.value}&rate_limit=${limitInBytes}`);
      show(say('{0}: done', name));
    } catch (error) {
      show(`${name}: ${error.message}`);
    }
  }
}

/** What its bridges would show if they were not folded away. */
function worst({ bridges_wanted: wanted }, bridges) {
  const down = bridges.filter((b) => b.state === 'down').length;
  if (wanted && down === bridges.length) return 'down';
  return down || bridges.some((b) => b.state === 'suspect') ? 'suspect' : '';
}

/** "3/4 bridges · down only · at most 6.3 MB/s · bbr". */
function described({ name, direction, why = '', ...path }) {
  const parts = [say('{0}/{1} bridges', count(path.bridges_up), count(path.bridges_wanted))];
  if (direction === 'up') parts.push(say('up only'));
  if (direction === 'down') parts.push(say('down only'));
  if (path.rate_limit) parts.push(say('at most {0}', rate(path.rate_limit)));
  if (path.quota) parts.push(spent(path.quota));
  if (path.congestion) parts.push(path.congestion);
  if (path.proxy && !name.includes(path.proxy)) parts.push(say('by way of {0}', path.proxy));  // most names have it
  parts.push(...findings(path.found, why));
  if (path.last_replacement) parts.push(say('last replaced: {0}', said(path.last_replacement)));
  return parts.join(' · ');
}

/** What the path was found to do to its connections. */
function findings(found = {}, why) {
  const parts = [];
  if (found.fades_after_bytes) parts.push(say('fades after {0}', bytes(found.fades_after_bytes)));
  if (found.lives_seconds) parts.push(say('lives {0}', duration(found.lives_seconds)));
  if (found.freezes_after_bytes_down) parts.push(say('freezes after {0} down', bytes(found.freezes_after_bytes_down)));
  if (found.freezes_after_bytes_up) parts.push(say('freezes after {0} up', bytes(found.freezes_after_bytes_up)));
  if (found.only_small_packets) parts.push(say('only small packets get through: MTU?'));
  if (found.dial_pause_seconds) parts.push(say('dials {0} apart', duration(found.dial_pause_seconds)));
  if (found.dials_held_seconds && !why.startsWith('dials paused')) parts.push(say('dials paused for {0}', duration(found.dials_held_seconds)));
  return parts;
}
