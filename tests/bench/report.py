"""What compare.py prints: a table for people, JSON for machines, an SVG plot."""
import dataclasses
import html
import json
import statistics

PEERS = ("haproxy TLS 256K", "ssh -D")


@dataclasses.dataclass
class Goal:
    """That `field` of `of`, divided by that of the best of `over` if there are any, is at least or at most `limit`."""
    name: str
    measure: str
    field: str
    comparison: str
    limit: float
    over: tuple = ()
    of: str = "mtcp 4 bridges"
    over_measure: str = None  # if it is not the same

    def values(self, results):
        """Run by run."""
        mine = results.get(self.of, {}).get(self.measure, {}).get(self.field)
        others = [results.get(name, {}).get(self.over_measure or self.measure, {}).get(self.field) for name in self.over]
        if not mine or not all(others):
            return None
        best = max if self.comparison == ">=" else min
        return [a / best(b) if b else a for a, *b in zip(mine, *others)]

    def met(self, value):
        return value >= self.limit if self.comparison == ">=" else value <= self.limit


GOALS = (
    Goal("one download, speed", "download of 1 stream", "MB/s", ">=", 1.0, PEERS),
    Goal("one download, CPU", "download of 1 stream", "CPU s/GB", "<=", 0.92, PEERS),
    Goal("one upload, speed", "upload of 1 stream", "MB/s", ">=", 1.0, PEERS),
    Goal("one upload, CPU", "upload of 1 stream", "CPU s/GB", "<=", 0.92, PEERS),
    Goal("8 downloads against 1", "download of 8 streams", "MB/s", ">=", 1.0, ("mtcp 4 bridges",),
         over_measure="download of 1 stream"),
    Goal("8 uploads against 1", "upload of 8 streams", "MB/s", ">=", 1.0, ("mtcp 4 bridges",),
         over_measure="upload of 1 stream"),
    Goal("8 bridges against 4", "download of 1 stream", "MB/s", ">=", 0.95, ("mtcp 4 bridges",), of="mtcp 8 bridges"),
    Goal("echo, median", "64-byte echo while idle", "p50 us", "<=", 1.0, ("ssh -D",)),
    Goal("echo, p99", "64-byte echo while idle", "p99 us", "<=", 1.0, ("ssh -D",)),
    Goal("echo beside a download, p99, us", "64-byte echo beside a download", "p99 us", "<=", 5000),
    Goal("connections a second", "new connections 8 at a time", "per second", ">=", 1.0, ("ssh -D",)),
    Goal("peak of a download, client, MiB", "download of 1 stream", "peak of client, MiB", "<=", 40),
    Goal("peak of a download, server, MiB", "download of 1 stream", "peak of server, MiB", "<=", 40),
    Goal("10,000 idle streams, client, MiB", "10000 idle streams", "in use of client, MiB", "<=", 64),
    Goal("10,000 idle streams, server, MiB", "10000 idle streams", "in use of server, MiB", "<=", 64),
)


def spread(values):
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 3
    return f"{middle:.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def table(results, measures):
    """One block per measure, one line per system: medians, with the lowest and the highest."""
    lines = []
    for measure in measures:
        rows = {system: found[measure] for system, found in results.items() if found.get(measure)}
        fields = list(dict.fromkeys(field for row in rows.values() for field in row))
        lines.append(f"\n{measure:32}" + "".join(f"{field:>27}" for field in fields))
        for system, row in rows.items():
            lines.append(f"  {system:30}" + "".join(f"{spread(row[f]) if f in row else '-':>27}" for f in fields))
    return "\n".join(lines)


def goals(results):
    lines = ["\ngoals: values of each run by itself, divided by those of the best of the named, if there are any"]
    for goal in GOALS:
        values = goal.values(results)
        if values:
            over = f" of {' or '.join(goal.over)}" if goal.over else ""
            lines.append(f"  {goal.name:32} {spread(values):>24}{over}; wanted {goal.comparison} {goal.limit}: "
                         f"{'met' if goal.met(statistics.median(values)) else 'NOT MET'}")
    return "\n".join(lines) if len(lines) > 1 else ""


def machine(results, **about):
    def summary(values):
        return {"median": statistics.median(values), "min": min(values), "max": max(values), "values": values}

    return json.dumps({**about, "results": {
        system: {measure: {field: summary(values) for field, values in row.items()} for measure, row in found.items()}
        for system, found in results.items()}}, indent=1)


def plot(results, measures):
    """Bars of the first two fields of every measure; the thin line is the spread."""
    parts, top, width, left = [], 20, 900, 190
    for measure in measures:
        rows = {system: found[measure] for system, found in results.items() if found.get(measure)}
        fields = list(dict.fromkeys(field for row in rows.values() for field in row))[:2]
        for column, field in enumerate(fields):
            values = {system: row[field] for system, row in rows.items() if field in row}
            parts += bars(f"{measure}: {field}", values, left + column * (width // 2 + 60), top, width // 2 - left)
        top += 40 + 18 * len(rows)
    size = f'width="{width + 120}" height="{top}" viewBox="0 0 {width + 120} {top}"'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def bars(title, values, left, top, width):
    scale = width / max(max(v) for v in values.values())
    yield f'<text x="{left}" y="{top}" font-weight="bold">{html.escape(title)}</text>'
    for i, (system, found) in enumerate(values.items()):
        y, middle = top + 8 + 18 * i, statistics.median(found)
        color = "#2a78d6" if system.startswith("mtcp") else "#999999"
        yield (f'<text x="{left - 6}" y="{y + 11}" text-anchor="end">{html.escape(system)}</text>'
               f'<rect x="{left}" y="{y}" width="{middle * scale:.1f}" height="14" fill="{color}"/>'
               f'<line x1="{left + min(found) * scale:.1f}" x2="{left + max(found) * scale:.1f}" y1="{y + 7}" '
               f'y2="{y + 7}" stroke="black"/>'
               f'<text x="{left + max(found) * scale + 5:.1f}" y="{y + 11}">{middle:.4g}</text>')
