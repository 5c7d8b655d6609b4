// What the charts have in common: a uPlot that fits its place, follows the colours of the system, and tells what is
// under the pointer.
import { clock, day } from './format.js';

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colour of a series stays the same for as long as the page lives. What has no name of its own is grey. */
const places = new Map();
export function seriesColour(key) {
  if (key.startsWith('/')) return '--earlier';
  if (!places.has(key)) places.set(key, places.size % 16);
  return `--c${places.get(key)}`;
}

/** A moment of a chart that shows so many seconds. */
export function moment(time, span) {
  const at = clock(time);
  return span > 86_400 * 2 ? `${day(time)} ${at.slice(0, 5)}` : span > 300 ? at.slice(0, 5) : at;
}

/** Has to be given: data(shown), layers(series), range(low, high), figure(value), read(index or null), and may draw. */
export class Plot {
  constructor(parent) {
    this.parent = parent;
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(parent);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.shape = ''; this.draw(); });
  }

  /** `shown`: {times, series: [{key, ...}]}. */
  show(shown) {
    this.shown = shown;
    for (const s of shown.series) seriesColour(s.key);  // in the order of their ids
    this.draw();
  }

  draw() {
    const shown = this.shown ?? { times: [], series: [] };
    const data = this.data(shown);
    const shape = `${this.kind ?? ''} ${shown.series.map((s) => s.key).join(' ')}`;
    if (this.plot && shape === this.shape) return this.plot.setData(data);
    this.shape = shape;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(shown.series), data, this.parent);
  }

  size() { return { width: this.parent.clientWidth - 12, height: this.parent.clientHeight - 6 }; }

  span() { return this.shown.times.at(-1) - this.shown.times[0]; }

  options(series) {
    const axis = { stroke: colour('--soft'), font: '11px system-ui', ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
    const moments = (at) => at.map((time) => (this.span() > 86_400 * 2 ? day(time) : moment(time, this.span())));
    return {
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: true }, y: { range: (_, low, high) => this.range(low ?? 0, high ?? 0) } },
      axes: [
        { ...axis, size: 28, grid: { show: false }, values: (_, at) => moments(at), space: 70 },
        { ...axis, size: 66, values: (_, at) => at.map((v) => this.figure(v)), space: 34 },
      ],
      series: [{}, ...this.layers(series)],
      hooks: { setCursor: [(plot) => this.read(plot.cursor.idx)], draw: [(plot) => this.drawOver?.(plot)] },
    };
  }
}
