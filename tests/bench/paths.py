#!/usr/bin/env python3
"""Transfers over emulated lines: a plain TCP connection, several, kernel MPTCP and mtcp, side by side in one run.

Needs root, TUN devices and network namespaces; makes two of its own and removes them. Lines are emulated by mtcp-lines
(tests/lab), which also plays networks that watch connections. Figures are medians of N runs (default 3) with the lowest
and the highest: MB/s of payload after the start-up of --warm seconds, its share of what the lines can carry, and the
longest pause between two reads of the application, until then and from then on. Of mtcp also the peak memory of each
half in MiB, its processor seconds for each GB, and how many bridges were up in the end; the latter two also of a pair of
haproxies with TLS between them, where all connections take one line. All use the system's congestion control.

mtcp is measured once for every --mtcp, beginning with what the case itself says: first FIELD=VALUE for all paths, then
options of the client, then those of the server behind " / ".

    paths.py build/release fade --mtcp rotate=off --mtcp rotate=auto --mtcp "rotate=auto bridges=8 --log-level debug"
    paths.py build/release "fade by bytes" --set fades-after=16e6 --way up --ipv6
"""
import argparse
import os
import statistics
import sys

from path_lab import Lab, Mtcp

KIB = 1 << 10
PAYLOAD = 0.9625  # of a packet's bytes, at a full line


def line(rate, delay, queue, **more):
    """Bytes per second, one-way delay in ms, bytes; and what else mtcp-lines takes."""
    return {"rate": rate, "delay": delay, "queue": queue, **more}


def throttled(rate, delay, queue, connections):
    """Every connection has such a line of its own; mtcp has as many bridges as plain TCP has connections."""
    return {"lines": [line(rate, delay, queue, each=True)], "each": connections, "plain": connections,
            "bridges": connections}


def watched(rate, bridges="auto", plain=16, delay=20, until=60, **more):
    """One line whose network watches connections."""
    return {"lines": [line(rate, delay, 512 * KIB, each=True, **more)], "plain": plain, "bridges": bridges, "warm": 10,
            "until": until, "watched": True}


# `ideal`: bytes a second, where rates do not tell. bbr empties its connections every 10 s.
CASES = {
    "5 x 8 MB/s each, 40 ms": throttled(8e6, 20, 800e3, 5),
    "8 x 1 MB/s each, 80 ms": throttled(1e6, 40, 100e3, 8),
    "8 x 3 MB/s each, 200 ms": throttled(3e6, 100, 600e3, 8),
    "20 MB/s, 40 ms": throttled(20e6, 20, 2e6, 1),
    "5 x 20 MB/s each, 40 ms": throttled(20e6, 20, 2e6, 5),
    "20/50/200 Mbit/s, 10/40/100 ms": {
        "lines": [line(2.5e6, 5, 250e3), line(6.25e6, 20, 625e3), line(25e6, 50, 2500e3)]},
    "2 x 16 MB/s and 2 MB/s, 40 ms": {
        "lines": [line(16e6, 20, 1600e3), line(16e6, 20, 1600e3), line(2e6, 20, 200e3)]},
    "20 MB over 100 Mbit/s 20 ms + 4 Mbit/s 300 ms": {
        "lines": [line(12.5e6, 10, 1250e3), line(0.5e6, 150, 150e3)], "size": 20_000_000},
    "one of 3 x 8 MB/s, 30 ms, falls silent": {"lines": [line(8e6, 15, 800e3)] * 3, "goes_dark": True},
    "fade by bytes, down": watched(20e6, common_rate=80e6, fades_after=64e6, faded_rate=1e6),
    "fade by bytes, up": {**watched(20e6, common_rate=80e6, fades_after=64e6, faded_rate=1e6), "way": "up"},
    "fade by time": watched(20e6, common_rate=80e6, fades_at=15, faded_rate=2e6),
    "vanishes at an age": watched(20e6, common_rate=80e6, dies_at=20),
    "frozen after 16 KiB": {**watched(0, bridges=16, delay=25, down_freezes_after=16 * KIB),
                            "ideal": 1.44e6},  # 16 times 13.5 KB in 3 round trips
    "SYNs block": watched(10e6, bridges=8, plain=8, until=120, syn_gap=1.25, block=60),
    "a fifth never comes up": watched(10e6, connections=4),
    "the near line is silent now and then": {
        "lines": [{"delay": 10, "silent_every": 3, "silent_for": "0.3-1"}, {"delay": 20}], "way": "echo", "warm": 10,
        "until": 60, "watched": True},
}


def systems(case, variants):
    """Name, kind, lines that its connections take, and what mtcp is told."""
    every = list(range(len(case["lines"])))
    found = []
    if case["way"] == "echo":
        found += [(f"1 TCP on line {i}", "tcp", [i], None) for i in every]
    elif case.get("watched"):
        found.append((f"{case['plain']} TCP", "tcp", [0] * case["plain"], None))
    elif not case.get("goes_dark"):
        found.append(("1 TCP", "tcp", [max(every, key=lambda i: float(case["lines"][i]["rate"]))], None))
        several = [0] * case["plain"] if "plain" in case else every
        if not case.get("size"):
            found.append((f"{len(several)} TCP", "tcp", several, None))
    if not case.get("watched") and case["way"] == "down":
        found.append(("MPTCP", "mptcp", [0], None))
    if "each" in case and case["way"] == "down":
        found.append((f"{case['each']} over haproxy TLS", "haproxy", [0] * case["each"], None))
    return found + [(variant.name, "socks", every, variant) for variant in variants]


def spread(values, digits=0, scale=1):
    return (f"{scale * statistics.median(values):.{digits}f} "
            f"({scale * min(values):.{digits}f} to {scale * max(values):.{digits}f})")


def of_all(results, field):
    return [result[field] for result in results]


def first_with_most(bridges):
    """When the most bridges were up for the first time, seconds."""
    most = max(count for _, count in bridges)
    return next(at for at, count in bridges if count == most), most


def describe_transfer(case, results):
    if case.get("goes_dark"):
        return [f"longest pause {spread(of_all(results, 'gap'), 0, 1e3)} ms"]
    if case.get("size"):
        return [f"{spread(of_all(results, 'seconds'), 3)} s"]
    rates = of_all(results, "rate")
    said = [f"{spread(rates, 2, 1e-6)} MB/s", f"{100 * statistics.median(rates) / ideal(case):.1f} %",
            f"longest pause {spread(of_all(results, 'first gap'), 0, 1e3)} ms, "
            f"from {case['warm']:g} s on {spread(of_all(results, 'gap'), 0, 1e3)} ms"]
    still = statistics.median(of_all(results, "still"))
    return said + ([f"{still:g} of {results[0]['connections']} stand still"] if still else [])


def describe_echo(results):
    parts = [f"{name} {spread(of_all(results, name), 0, 1e3)} ms" for name in ("p50", "p99", "worst")]
    on_lines = [(r["lines"]["up"] + r["lines"]["down"]) / r["messages"] for r in results]
    return parts + [f"{spread(on_lines)} bytes on the lines for a message and its answer"]


def cost(results, half):
    if "bytes" not in results[0]:
        return ""
    return f", {spread([result[f'{half} s'] / result['bytes'] for result in results], 2, 1e9)} CPU s/GB"


def describe(case, results):
    said = describe_echo(results) if case["way"] == "echo" else describe_transfer(case, results)
    if "client MiB" in results[0]:
        said += [f"{name}: peak {spread(of_all(results, f'{name} MiB'))} MiB{cost(results, name)}"
                 for name in ("client", "server")]
    if "bridges" in results[0]:
        times, most = zip(*(first_with_most(result["bridges"]) for result in results))
        said.append(f"bridges at most {spread(most)}, first after {spread(times)} s, "
                    f"in the end {spread([result['bridges'][-1][1] for result in results])}")
    if case.get("watched"):
        said += [f"{spread([result['lines'][key] for result in results])} {name}"
                 for key, name in (("syns", "SYNs"), ("excess", "beyond the limit"), ("blocks", "blocks"))
                 if key == "syns" or any(result["lines"][key] for result in results)]
    return "; ".join(said)


def ideal(case):
    """Bytes a second: of payload where connections are watched, of packets where not."""
    first = case["lines"][0]
    if "ideal" in case:
        return case["ideal"]
    if not case.get("watched"):
        return sum(float(each["rate"]) for each in case["lines"]) * case.get("each", 1)
    all_of_them = float(first["rate"]) * min(case["plain"], int(first.get("connections", case["plain"])))
    return PAYLOAD * float(first.get("common_rate", all_of_them))


def compare(options, name, case):
    print(name + ("" if case["way"] == "down" else f" ({case['way']})"), flush=True)
    results = {}
    chosen = [s for s in systems(case, options.mtcp) if not options.systems or any(w in s[0] for w in options.systems)]
    for _ in range(options.runs):
        for system, kind, lines, variant in chosen:
            with Lab(options.build, case, kind, variant, options.ipv6) as lab:
                if kind == "mptcp" and not lab.has_mptcp:
                    continue
                results.setdefault(system, []).append(lab.measure(case["way"], lines))
    for system, *_ in chosen:
        print(f"  {system}: {describe(case, results[system]) if system in results else 'skipped: not on this kernel'}",
              flush=True)


def settings_of(number, texts):
    """What [NUMBER:]KEY=VALUE says about a line."""
    found = {}
    for text in texts:
        key, value = text.split("=", 1)
        of, _, key = key.rpartition(":")
        if of in ("", str(number)):
            found[key.replace("-", "_")] = value
    return found


def with_settings(case, options, way):
    """The case, with what the command line changes."""
    found = {"way": "down", "warm": 5.0, "until": 25.0, **case}
    found["lines"] = [{**each, **settings_of(i, options.set)} for i, each in enumerate(case["lines"])]
    if way and found["way"] != "echo":
        found["way"] = way
    for key in ("warm", "until", "plain"):
        if getattr(options, key) is not None:
            found[key] = getattr(options, key)
    return found


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="the build folder")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="part of a case's name: " + "; ".join(CASES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--way", choices=("down", "up", "both"), help="if not that of the case, which is mostly down")
    parser.add_argument("--mtcp", action="append", metavar="WORDS", type=Mtcp.parse, help="may be repeated; see above")
    parser.add_argument("--systems", metavar="WORDS", type=lambda text: text.split(","),
                        help="only those with one of these in their names, with commas between")
    parser.add_argument("--set", action="append", default=[], metavar="[N:]KEY=VALUE",
                        help="for all lines, or for the Nth from 0, as mtcp-lines has it; may be repeated")
    parser.add_argument("--plain", type=int, help="plain connections, where lines are throttled one by one or watched")
    parser.add_argument("--warm", type=float, help="seconds that do not count")
    parser.add_argument("--until", type=float, help="seconds of a transfer")
    parser.add_argument("--ipv6", action="store_true", help="over IPv6, without MPTCP")
    options = parser.parse_intermixed_args(arguments)
    options.mtcp = options.mtcp or [Mtcp()]
    return options


def main(arguments):
    options = parse(arguments)
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        sys.exit("skipped: needs root and /dev/net/tun")
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        print("congestion control:", file.read().strip())
    for name, case in CASES.items():
        if not options.cases or any(word in name for word in options.cases):
            both = options.way == "both" and case.get("way") != "echo"
            for way in ("down", "up") if both else (options.way,):
                compare(options, name, with_settings(case, options, way))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RuntimeError as failure:
        sys.exit(f"paths.py: {failure}".strip())
