// What each bridge carried, as the program remembers it, carried on with every snapshot.
const kept = 600;
const coarseKept = 360;

/** Right-aligned to `length` points. */
function padded(values = [], length) {
  return Array(Math.max(0, length - values.length)).fill(0).concat(values.slice(-length));
}

export const seriesKey = (session, id) => `${session}/${id}`;

export class History {
  constructor() {
    this.series = new Map();  // seriesKey -> {session, id, path, up, down, coarseUp, coarseDown}
    this.tick = -1;
    this.time = 0;
  }

  async load() {
    const got = await (await fetch('api/history')).json();
    this.tick = got.tick;
    this.time = got.time;
    this.series.clear();
    for (const b of got.bridges) {
      this.series.set(seriesKey(b.session, b.id), {
        session: b.session, id: b.id, path: b.path,
        up: padded(b.up, kept), down: padded(b.down, kept),
        coarseUp: padded(b.up_10s, coarseKept), coarseDown: padded(b.down_10s, coarseKept),
      });
    }
  }

  /** `tunnels` as in a snapshot. Resolves when the history is complete up to it. */
  async add(snapshot, tunnels) {
    if (snapshot.tick === this.tick) return;
    const old = snapshot.tick !== this.tick + 1;
    if (old || snapshot.tick % 10 === 0) return this.load();
    this.tick = snapshot.tick;
    this.time = snapshot.time;
    const now = new Map();
    for (const t of tunnels) for (const b of t.bridges) if (b.id) now.set(seriesKey(t.session, b.id), { ...b, session: t.session });
    for (const [key, b] of now) if (!this.series.has(key)) this.series.set(key, this.empty(b));
    for (const [key, s] of this.series) {
      s.up.push(now.get(key)?.rate_up ?? 0);
      s.down.push(now.get(key)?.rate_down ?? 0);
      s.up.shift();
      s.down.shift();
    }
  }

  empty(b) {
    return {
      session: b.session, id: b.id, path: b.path, up: padded([], kept), down: padded([], kept),
      coarseUp: padded([], coarseKept), coarseDown: padded([], coarseKept),
    };
  }

  /** Times and series for the chart: [{key, session, id, path, up, down}]. */
  window(minutes) {
    const coarse = minutes > 10;
    const points = coarse ? minutes * 6 : minutes * 60;
    const step = coarse ? 10 : 1;
    const end = coarse ? this.time - (this.tick % 10) - 1 : this.time;
    const times = Array.from({ length: points }, (_, i) => end - (points - 1 - i) * step);
    const series = [...this.series].map(([key, s]) => ({
      ...s, key, up: (coarse ? s.coarseUp : s.up).slice(-points), down: (coarse ? s.coarseDown : s.down).slice(-points),
    }));
    return { times, series: series.filter((s) => s.up.some(Boolean) || s.down.some(Boolean)) };
  }
}
