// What paths did within the last hour, day or month, as the program remembers it; asked for while it is looked at. At a
// server a path stands for a user.
const refresh = { '1h': 10_000 };  // ms; the others change once a minute at most
const seldom = 60_000;

export class Past {
  /** `changed()` when there are new figures. */
  constructor(changed) {
    this.changed = changed;
    this.known = new Map();  // span -> {at, asking, told}
  }

  /** What is known of a span ("1h", "24h", "30d"), which is asked for if that is old; null at first. */
  of(span) {
    const entry = this.known.get(span) ?? { at: -Infinity, asking: false, told: null };
    this.known.set(span, entry);
    if (!entry.asking && performance.now() - entry.at >= (refresh[span] ?? seldom)) this.ask(span, entry);
    return entry.told;
  }

  async ask(span, entry) {
    entry.asking = true;
    try {
      const answer = await fetch(`api/history?span=${span}`);
      if (!answer.ok) throw new Error(answer.statusText);
      entry.told = await answer.json();
      this.changed();
    } catch {
      // The page says elsewhere that the program does not answer.
    }
    entry.at = performance.now();
    entry.asking = false;
  }
}

/** A step is drawn from its beginning to its end, so that one alone is seen, too, and a gap has its width. */
const twice = (values) => values.flatMap((value) => [value, value]);

/** The last `steps` of `values`; what is missing in front is a gap. */
const padded = (values, steps) => Array(Math.max(0, steps - values.length)).fill(null).concat(values.slice(-steps));

/** For the charts, of the last `seconds` at most: {times, series: [{key, path, up, down, rtt, most, flight, again}]}. */
export function windowOf(told, seconds) {
  if (!told) return { times: [], series: [] };
  const width = told.step_seconds;
  const steps = Math.min(told.steps, Math.ceil(seconds / width) + 1);
  const beginning = (i) => told.time - (steps - 1 - i) * width;
  const times = Array.from({ length: steps }, (_, i) => [beginning(i), i + 1 < steps ? beginning(i + 1) - 0.001 : Math.max(told.until, beginning(i) + 0.001)]).flat();
  const part = (values) => twice(padded(values, steps));
  const series = told.paths.map((p) => ({
    key: p.others ? '/others' : `path ${p.path}`, path: p.path, others: p.others,
    up: part(p.up), down: part(p.down), rtt: part(p.rtt_ms), most: part(p.rtt_most_ms), flight: part(p.in_flight_bytes), again: part(p.retransmitted_bytes),
  }));
  return { times, series };
}
