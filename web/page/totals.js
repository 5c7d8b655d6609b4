// What was carried, by what the program counts it for, and the last streams that have closed. Asked for while somebody looks at it.
import { can } from './controls.js';
import { element, find, KeyedList, row, setText, spanColumns } from './dom.js';
import { bytes, clock, count, duration } from './format.js';
import { said, say } from './texts.js';

const pause = 5000;  // ms between two looks
const atMost = 250;  // rows; the filter finds the others

const fits = (wanted, ...texts) => texts.some((text) => text.toLowerCase().includes(wanted));

/** A part of the page that is asked for as long as it is open: `what` can be done, `path` of its document, `draw(document)`. */
class Watched {
  constructor(id, what, path, draw) {
    Object.assign(this, { details: find(id), path, draw, latest: null });
    find(`${id}-section`).hidden = !can(what);
    this.details.ontoggle = () => this.look();
    document.addEventListener('visibilitychange', () => this.look());
  }

  async look() {
    clearTimeout(this.timer);
    if (!this.details.open || document.hidden) return;
    try {
      this.latest = await (await fetch(this.path)).json();
      this.redraw();
    } catch {
      // The page says elsewhere that the program does not answer.
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), pause);
  }

  redraw() {
    if (this.latest) this.draw(this.latest);
  }
}

function table(id, key, classes, update) {
  return new KeyedList(find(id).tBodies[0], {
    key: (item) => item.empty ?? key(item),
    make: (item) => {
      if (!item.empty) return row(classes);
      const made = element('tr');
      made.append(element('td', 'empty all', item.empty));
      return made;
    },
    update: (node, item) => item.empty || update(node.cells, item),
  });
}

/** At least the words for nothing. */
function shown(items, nothing) {
  return items.length ? items.slice(0, atMost) : [{ empty: nothing }];
}

export function offerTotals() {
  const rows = table('totals', (one) => one.name, ['who', 'n', 'n wide', 'n'], ([name, down, up, both], one) => {
    setText(name, one.name || say('all others'));
    name.title = one.name;
    setText(down, bytes(one.bytes_down));
    setText(up, bytes(one.bytes_up));
    setText(both, bytes(one.bytes_down + one.bytes_up));
  });
  const totals = new Watched('totals-details', 'totals', 'api/totals', (all) => {
    const by = find('totals-by');
    for (const option of by.options) option.hidden = !all[option.value];
    if (!all[by.value]) by.value = [...by.options].find((option) => !option.hidden).value;
    const [kind, period, wanted] = [by.value, find('totals-in').value, find('totals-filter').value.toLowerCase()];
    const some = all[kind].map((one) => ({ name: one.name, ...one[period] })).filter((one) => one.bytes_up + one.bytes_down > 0 && fits(wanted, one.name));
    some.sort((a, b) => b.bytes_up + b.bytes_down - a.bytes_up - a.bytes_down);
    const kept = kind !== 'destinations' || all.destinations_kept;
    rows.show(shown(some, kept ? say('Nothing was carried.') : say('Destinations are not kept (--no-destinations).')));
    spanColumns(find('totals'));
    setText(find('totals-count'), some.length > atMost ? say('{0} of {1}', count(atMost), count(some.length)) : '');
  });
  for (const id of ['totals-by', 'totals-in']) find(id).onchange = () => totals.redraw();
  find('totals-filter').oninput = () => totals.redraw();
}

export function offerClosed() {
  const classes = ['who', 'wider', 'n', 'n wide', 'n wide', 'who ended'];
  const rows = table('closed', (one) => one.number, classes, ([target, from, received, sent, age, ended], one) => {
    setText(target, `${one.target || '–'}${one.direct ? ` ${say('direct')}` : ''}`);
    target.title = one.target;
    setText(from, one.user ? `${one.user} · ${one.source}` : one.source);
    from.title = one.source;
    setText(received, bytes(one.bytes_down));
    setText(sent, bytes(one.bytes_up));
    setText(age, duration(one.age_seconds));
    setText(ended, `${clock(one.time)} ${said(one.ended)}`);
  });
  const closed = new Watched('closed-details', 'closed', 'api/closed', ({ streams }) => {
    const wanted = find('closed-filter').value.toLowerCase();
    const some = streams.filter((one) => fits(wanted, one.target, one.source, one.user, said(one.ended), one.direct ? say('direct') : ''));
    rows.show(shown(some, wanted ? say('No closed stream fits the filter.') : say('No stream has closed yet.')));
    spanColumns(find('closed'));
    setText(find('closed-count'), some.length > atMost ? say('the latest {0} of {1}', count(atMost), count(some.length)) : '');
  });
  find('closed-filter').oninput = () => closed.redraw();
}
