// The table of streams: the busiest first, or as the reader sorts and filters it.
import { offer } from './controls.js';
import { element, find, KeyedList, row, setText, spanColumns } from './dom.js';
import { bytes, count, duration, rate } from './format.js';
import { say } from './texts.js';

const classes = ['who', 'n', 'n', 'n wide', 'n wider', 'n wide', 'act'];
const atFirst = 50;
const atMost = 250;  // more rows cost the browser too much every second; the filter finds the others
const calm = 5000;  // ms that rows stay where they are

const keyOf = (s) => `${s.session}/${s.id}`;

export class StreamTable {
  constructor() {
    this.sort = { by: 'rate_down', descending: true };
    this.most = atFirst;
    this.items = [];
    this.places = new Map();
    this.placedAt = -calm;
    this.list = new KeyedList(find('streams').tBodies[0], {
      key: (s) => (s.empty ? 'empty' : keyOf(s)),
      make: (s) => (s.empty ? this.makeEmpty() : this.makeStream()),
      update: (node, s) => (s.empty ? setText(node.firstChild, s.empty) : this.updateStream(node, s)),
    });
    for (const button of document.querySelectorAll('[data-sort]')) button.onclick = () => this.sortBy(button.dataset.sort);
    find('filter').oninput = () => this.draw();
    find('more').onclick = () => { this.most = this.most === atFirst ? atMost : atFirst; this.draw(); };
    addEventListener('resize', () => spanColumns(find('streams')));
    this.markSort();
  }

  show(tunnels) {
    this.items = tunnels.flatMap((t) => t.streams.map((s) => ({ ...s, session: s.direct ? 'direct' : t.session, user: t.user })));
    this.active = tunnels.reduce((sum, t) => sum + t.streams_active + (t.direct_active ?? 0), 0);
    this.grouped = tunnels.length > 1;
    this.draw();
  }

  sortBy(by) {
    const same = this.sort.by === by;
    this.sort = { by, descending: same ? !this.sort.descending : by !== 'target' };
    this.markSort();
    this.placedAt = -calm;
    this.draw();
  }

  markSort() {
    for (const button of document.querySelectorAll('[data-sort]')) {
      const { by, descending } = this.sort;
      if (button.dataset.sort === by) button.parentNode.ariaSort = descending ? 'descending' : 'ascending';
      else button.parentNode.removeAttribute('aria-sort');
    }
  }

  // Equal rates, mostly zero, keep the order of age, so that rows do not jump about.
  compare(a, b) {
    const { by, descending } = this.sort;
    const order = by === 'target' ? a.target.localeCompare(b.target) : a[by] - b[by];
    return (descending ? -order : order) || b.rate_up - a.rate_up || a.session.localeCompare(b.session) || b.id - a.id;
  }

  // Rows that jump about under the pointer would make people close the wrong stream. New ones come first.
  ordered() {
    const now = performance.now();
    const held = find('streams').tBodies[0].matches(':hover, :focus-within');
    if (now - this.placedAt >= calm && !held) {
      this.placedAt = now;
      this.places.clear();
      this.items.sort((a, b) => this.compare(a, b)).forEach((s, i) => this.places.set(keyOf(s), i));
      return this.items;
    }
    const place = (s) => this.places.get(keyOf(s)) ?? -1;
    return this.items.sort((a, b) => place(a) - place(b) || this.compare(a, b));
  }

  draw() {
    const wanted = find('filter').value.toLowerCase();
    const fitting = this.ordered().filter((s) => `${s.target}${this.remark(s)}`.toLowerCase().includes(wanted));
    const shown = fitting.slice(0, this.most);
    if (!shown.length) shown.push({ empty: wanted ? say('No destination fits the filter.') : say('No open streams.') });
    this.list.show(shown);
    spanColumns(find('streams'));
    const all = count(this.active);
    const told = this.items.length < this.active ? say('{0} busiest of {1}', count(this.items.length), all) : all;
    setText(find('streams-count'), this.active ? told : '');
    find('more').hidden = fitting.length <= atFirst;
    setText(find('more'), this.most === atFirst ? say('Show {0} of {1}', count(Math.min(fitting.length, atMost)), count(fitting.length)) : say('Show fewer'));
  }

  /** Of a connection that the server has accepted for a client, where it comes from. */
  remark(s) {
    if (s.direct) return ` ${say('direct')}`;
    return s.source ? ` ${say('from {0}', s.source)}` : '';
  }

  makeEmpty() {
    const made = element('tr');
    made.append(element('td', 'empty all'));
    return made;
  }

  makeStream() {
    const made = row(classes);
    made.cells[0].append(element('span'), element('span', 'quiet'));
    return made;
  }

  updateStream(node, s) {
    const [target, down, up, received, sent, age, act] = node.cells;
    setText(target.firstChild, s.target);
    setText(target.lastChild, `${this.remark(s)}${this.grouped ? ` ${s.user}` : ''}`);
    target.title = s.target;
    setText(down, rate(s.rate_down));
    setText(up, rate(s.rate_up));
    setText(received, bytes(s.bytes_down));
    setText(sent, bytes(s.bytes_up));
    setText(age, duration(s.age_seconds));
    offer(act, {
      what: 'close_stream', word: say('Close'), name: say('Close the stream to {0}', s.target), path: 'api/streams/close', session: s.session, id: s.id,
    });
  }
}
