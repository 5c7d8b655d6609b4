// Figures as people read them. Units are powers of 1000, as networks are sold.
import { say } from './texts.js';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export function bytes(count) {
  let unit = 0;
  while (count >= 999.5 && unit < units.length - 1) { count /= 1000; unit += 1; }
  const digits = unit === 0 || count >= 99.95 ? 0 : 1;
  return `${count.toFixed(digits)} ${units[unit]}`;
}

const spans = { day: '{0} of {1} a day', month: '{0} of {1} a month', total: '{0} of {1} in all' };

/** What a path has used of its quota: "1.2 GB of 5.0 GB a month". */
export function spent({ bytes: allowed, used_bytes: used, period, used_up: over }) {
  const told = say(spans[period] ?? spans.total, bytes(used), bytes(allowed));
  return over ? say('{0}: used up', told) : told;
}

/** "–" instead of a zero that would only be in the way. */
export const rate = (perSecond) => (perSecond < 0.5 ? '–' : `${bytes(perSecond)}/s`);

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

export const milliseconds = (ms) => (ms <= 0 ? '–' : ms < 10 ? ms.toFixed(1) : ms.toFixed(0));

export const count = (number) => number.toLocaleString('en');

export const clock = (unixSeconds) => new Date(unixSeconds * 1000).toTimeString().slice(0, 8);

/** "11-30". */
export function day(unixSeconds) {
  const at = new Date(unixSeconds * 1000);
  return [at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
}
