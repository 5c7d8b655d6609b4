// Stacked throughput: upload above the axis, download below it.
//
// The stack is drawn from its sum downwards, each layer opaque over the one before, so that no bands are needed.
import { element, find, setText } from './dom.js';
import { rate } from './format.js';
import { colour, moment, Plot, seriesColour } from './plot.js';

/** null is a gap, and is one of the sum only where all have it. */
const plus = (sum, value) => (value === null ? sum : (sum ?? 0) + value);

/** Running sums over `series`, the whole first: [sum of all, sum of all but the last, ..., the first]. */
function stack(series, direction, sign) {
  const layers = [];
  let sum = null;
  for (const s of series) {
    const under = sum;
    sum = s[direction].map((v, i) => plus(under ? under[i] : null, v === null ? null : sign * v));
    layers.unshift(sum);
  }
  return layers;
}

export class Chart extends Plot {
  data({ times, series }) { return [times, ...stack(series, 'up', 1), ...stack(series, 'down', -1)]; }

  layers(series) {
    const layers = [...series].reverse().map((s) => {
      const fill = colour(seriesColour(s.key));
      return { fill, stroke: fill, width: 1, points: { show: false } };
    });
    return [...layers, ...layers.map((l) => ({ ...l }))];
  }

  range(low, high) { return [Math.min(low, -1e3) * 1.08, Math.max(high, 1e3) * 1.08]; }

  figure(value) { return value === 0 ? '0' : rate(Math.abs(value)); }

  drawOver(plot) {
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
    const sum = (direction) => series.reduce((all, s) => plus(all, s[direction][at]), null);
    const told = sum('down') === null ? '–' : `↓ ${rate(sum('down'))}   ↑ ${rate(sum('up'))}`;
    setText(find('reading'), `${moment(times[at], this.span())}   ${told}`);
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
