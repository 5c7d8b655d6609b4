// A line for each path: its round trip, or what it has in flight, or had to be sent again.
import { swatch } from './chart.js';
import { element, find, KeyedList, setText } from './dom.js';
import { bytes, milliseconds } from './format.js';
import { colour, moment, Plot, seriesColour } from './plot.js';
import { say } from './texts.js';

const nameOf = (s) => (s.others ? say('all others') : s.path);
const inMs = (value) => `${milliseconds(value)} ms`;

/** What can be chosen: the field of a series, and how its figures are written. */
const kinds = {
  rtt: { figure: inMs, least: 10 },
  flight: { figure: bytes, least: 1000 },
  again: { figure: bytes, least: 1000 },
};

export class LinesChart extends Plot {
  constructor(parent) {
    super(parent);
    this.kind = find('lines-kind').value;
    find('lines-kind').onchange = (event) => { this.kind = event.target.value; this.draw(); this.tell(); };
    this.legend = new KeyedList(find('lines-legend'), {
      key: (s) => s.key,
      make: () => {
        const made = element('li');
        made.append(swatch(), element('span'), element('span', 'quiet'));
        return made;
      },
      update: ({ children: [mark, name, figure] }, s) => {
        mark.style.background = `var(${seriesColour(s.key)})`;
        setText(name, nameOf(s));
        setText(figure, this.figureAt(s, s[this.kind].length - 1));
      },
    });
  }

  show(shown) {
    if (shown === this.given) return;  // it changes more rarely than once a second
    this.given = shown;
    super.show({ ...shown, series: shown.series.filter((s) => s.up.some((v) => v !== null)) });
    this.tell();
  }

  tell() { this.legend.show(this.shown?.series ?? []); }

  data({ times, series }) { return [times, ...series.map((s) => s[this.kind])]; }

  layers(series) { return series.map((s) => ({ stroke: colour(seriesColour(s.key)), width: 1.5, points: { show: false } })); }

  range(_, high) { return [0, Math.max(high, kinds[this.kind].least) * 1.08]; }

  figure(value) { return value === 0 ? '0' : kinds[this.kind].figure(value); }

  /** "20 ms, at most 90 ms". */
  figureAt(s, at) {
    const value = s[this.kind][at] ?? null;
    if (value === null) return '–';
    const most = this.kind === 'rtt' && s.most[at] > value * 1.1 ? say(', at most {0}', inMs(s.most[at])) : '';
    return `${kinds[this.kind].figure(value)}${most}`;
  }

  read(at) {
    const { times, series } = this.shown;
    if (at == null || times[at] === undefined) return setText(find('lines-reading'), '');
    const told = series.map((s) => `${nameOf(s)} ${this.figureAt(s, at)}`);
    setText(find('lines-reading'), [moment(times[at], this.span()), ...told.slice(0, 4)].join('   '));
  }
}
