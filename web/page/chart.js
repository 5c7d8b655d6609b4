// Stacked throughput: upload above the axis, download below it.
//
// The stack is drawn from its sum downwards, each layer opaque over the one before, so that no bands are needed.
import { element, find, setText } from './dom.js';
import { clock, rate } from './format.js';

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colour of a series stays the same for as long as the page lives. */
const places = new Map();
export function seriesColour(key) {
  if (key.startsWith('/')) return '--earlier';
  if (!places.has(key)) places.set(key, places.size % 16);
  return `--c${places.get(key)}`;
}

/** Running sums over `series`, the whole first: [sum of all, sum of all but the last, ..., the first]. */
function stack(series, direction, sign) {
  const layers = [];
  let sum = null;
  for (const s of series) {
    sum = sum ? s[direction].map((v, i) => sum[i] + sign * v) : s[direction].map((v) => sign * v);
    layers.unshift(sum);
  }
  return layers;
}

export class Chart {
  constructor(parent) {
    this.parent = parent;
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(parent);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.shape = ''; this.draw(); });
  }

  /** `shown`: {times, series: [{key, up, down}]}. */
  show(shown) {
    this.shown = shown;
    for (const s of shown.series) seriesColour(s.key);  // in the order of their ids
    this.draw();
  }

  draw() {
    const { times, series } = this.shown ?? { times: [], series: [] };
    const data = [times, ...stack(series, 'up', 1), ...stack(series, 'down', -1)];
    const shape = series.map((s) => s.key).join(' ');
    if (this.plot && shape === this.shape) return this.plot.setData(data);
    this.shape = shape;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(series), data, this.parent);
  }

  size() { return { width: this.parent.clientWidth - 12, height: this.parent.clientHeight - 6 }; }

  options(series) {
    const layers = [...series].reverse().map((s) => {
      const fill = colour(seriesColour(s.key));
      return { fill, stroke: fill, width: 1, points: { show: false } };
    });
    const axis = { stroke: colour('--soft'), font: '11px system-ui', ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
    return {
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(low, -1e3) * 1.08, Math.max(high, 1e3) * 1.08] } },
      axes: [
        { ...axis, size: 28, grid: { show: false }, values: (_, at) => at.map((t) => clock(t).slice(0, this.span() > 300 ? 5 : 8)), space: 70 },
        { ...axis, size: 66, values: (_, at) => at.map((v) => (v === 0 ? '0' : rate(Math.abs(v)))), space: 34 },
      ],
      series: [{}, ...layers, ...layers.map((l) => ({ ...l }))],
      hooks: { setCursor: [(plot) => this.read(plot.cursor.idx)], draw: [(plot) => this.drawZero(plot)] },
    };
  }

  span() { return this.shown.times.at(-1) - this.shown.times[0]; }

  drawZero(plot) {
    const y = Math.round(plot.valToPos(0, 'y', true)) + 0.5;
    plot.ctx.strokeStyle = colour('--soft');
    plot.ctx.lineWidth = 1;
    plot.ctx.beginPath();
    plot.ctx.moveTo(plot.bbox.left, y);
    plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
    plot.ctx.stroke();
  }

  read(at) {
    const { times, series } = this.shown;
    if (at == null || times[at] === undefined) return setText(find('reading'), '');
    const sum = (direction) => series.reduce((all, s) => all + s[direction][at], 0);
    setText(find('reading'), `${clock(times[at])}   ↓ ${rate(sum('down'))}   ↑ ${rate(sum('up'))}`);
  }
}

/** A line of the last minute, both directions together. */
export function sparkline() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('viewBox', '0 0 59 20');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  for (const [name, value] of Object.entries({ fill: 'none', stroke: 'currentColor', 'vector-effect': 'non-scaling-stroke' })) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

export function drawSparkline(svg, series, most) {
  const points = Array.from({ length: 60 }, (_, i) => (series ? series.up.at(i - 60) + series.down.at(i - 60) : 0));
  const y = (v) => (19 - (v / Math.max(most, 1)) * 18).toFixed(1);
  svg.firstChild.setAttribute('d', points.map((v, i) => `${i ? 'L' : 'M'}${i} ${y(v)}`).join(''));
  svg.style.color = series?.id ? `var(${seriesColour(`${series.session}/${series.id}`)})` : '';
}

export function swatch() { return element('span', 'swatch'); }
