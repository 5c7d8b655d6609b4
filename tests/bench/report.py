"""What compare.py prints: a table for people, JSON for machines, an SVG plot."""
import html
import json
import statistics

GOALS = (
    # what, measure, field, of, over (the best of them), comparison, limit
    ("one download, speed", "download of 1 stream", "MB/s", "mtcp 4 bridges", ("haproxy TLS 256K", "ssh -D"), ">=", 1.0),
    ("one download, CPU", "download of 1 stream", "CPU s/GB", "mtcp 4 bridges", ("haproxy TLS 256K", "ssh -D"), "<=", 0.92),
    ("one upload, speed", "upload of 1 stream", "MB/s", "mtcp 4 bridges", ("haproxy TLS 256K", "ssh -D"), ">=", 1.0),
    ("one upload, CPU", "upload of 1 stream", "CPU s/GB", "mtcp 4 bridges", ("haproxy TLS 256K", "ssh -D"), "<=", 0.92),
    ("8 bridges against 4", "download of 1 stream", "MB/s", "mtcp 8 bridges", ("mtcp 4 bridges",), ">=", 0.95),
    ("echo, median", "64-byte echo while idle", "p50 us", "mtcp 4 bridges", ("ssh -D",), "<=", 1.0),
    ("echo, p99", "64-byte echo while idle", "p99 us", "mtcp 4 bridges", ("ssh -D",), "<=", 1.0),
    ("connections a second", "new connections 8 at a time", "per second", "mtcp 4 bridges", ("ssh -D",), ">=", 1.0),
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


def ratios(results, measure, field, of, over):
    """Run by run, against the best of `over`."""
    mine = results.get(of, {}).get(measure, {}).get(field)
    others = [results.get(name, {}).get(measure, {}).get(field) for name in over]
    if not mine or not all(others):
        return None
    best = max if field in ("MB/s", "per second") else min
    return [a / best(b) for a, *b in zip(mine, *others)]


def goals(results):
    lines = ["\nratios, each run by itself"]
    for name, measure, field, of, over, comparison, limit in GOALS:
        found = ratios(results, measure, field, of, over)
        if found:
            middle = statistics.median(found)
            met = middle >= limit if comparison == ">=" else middle <= limit
            lines.append(f"  {name:22} {spread(found):>24}  of {' or '.join(over)}; wanted {comparison} {limit}: "
                         f"{'met' if met else 'NOT MET'}")
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
