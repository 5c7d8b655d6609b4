#!/usr/bin/env python3
"""mtcp and the proxies that people use, side by side in one run: speed, processor time, memory, latency.

  compare.py BUILD-FOLDER [--runs N] [--seconds S] [--systems A,B] [--measures A,B] [--long]
             [--congestion NAME] [--json FILE] [--svg FILE]

Needs root and network namespaces; makes its own and removes them, and nothing leaves them. Needs the targets mtcp-client,
mtcp-server, mtcp-load and mtcp-lines of a release build. Systems whose programs are not installed are skipped. In every
run all systems take their turn, so that what else the machine does hits them alike: compare within one run only. Figures
are medians of N runs (default 5) with the lowest and the highest; S (default 3) is how long each measure takes. Names of
systems and measures may be shortened to any part of them. --long adds 100,000 connections.

All peers, and the origin, use one congestion control (default reno): bbr paces even loopback, and would hide the programs.
"""
import argparse
import os
import platform
import resource
import sys

import measures as measuring
import report
from peers import SYSTEMS, missing
from place import Failed, Place


def chosen(everything, words):
    wanted = [word.strip() for word in words.split(",")] if words else [""]
    return {name: value for name, value in everything.items() if any(word in name for word in wanted)}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--systems", default="")
    parser.add_argument("--measures", default="")
    parser.add_argument("--congestion", default="reno")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--svg", metavar="FILE")
    return parser.parse_args(arguments)


def applies(system, measure):
    """Fast open changes nothing but the beginning of a stream."""
    return "fast open" not in system or measure.startswith("first byte")


class Bench:
    def __init__(self, options):
        self.options = options
        everything = {**measuring.MEASURES, **(measuring.LONG if options.long else {})}
        self.measures = chosen(everything, options.measures)
        self.systems = chosen(SYSTEMS, options.systems)
        for name in [name for name, system in self.systems.items() if missing(system)]:
            print(f"{name}: skipped, not installed: {', '.join(missing(self.systems.pop(name)))}")
        self.results = {name: {} for name in self.systems}
        self.unable = set()  # what did not work the first time is not tried again

    def run(self):
        places = [(where, [m for m in self.measures if self.measures[m][1] == where]) for where in ("loop", "line")]
        for number in range(self.options.runs):
            for where, names in places:
                if not names:
                    continue
                with Place(self.options.build, self.options.congestion, line=where == "line") as place:
                    for system in self.systems:
                        print(f"run {number + 1} of {self.options.runs}: {system:20} ({where})", file=sys.stderr)
                        self.measure(place, system, [name for name in names if applies(system, name)])

    def measure(self, place, system, names):
        before = list(place.running)
        chain = None
        for name in (name for name in names if (system, name) not in self.unable):
            what, _, anew = self.measures[name]
            try:
                if chain is None or anew:
                    place.stop([p for p in place.running if p not in before])
                    chain = self.systems[system](place)
                for field, value in what(place, chain, self.options.seconds).items():
                    self.results[system].setdefault(name, {}).setdefault(field, []).append(value)
            except Failed as e:
                print(f"{system}, {name}: {e}", file=sys.stderr)
                chain = None
                if name not in self.results[system]:
                    self.unable.add((system, name))
        place.stop([p for p in place.running if p not in before])

    def tell(self):
        options, about = self.options, f"{platform.machine()}, {os.cpu_count()} processors, {platform.platform()}"
        print(f"{about}; congestion control {options.congestion}; {options.runs} runs")
        print(report.table(self.results, self.measures))
        print(report.goals(self.results))
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(report.machine(self.results, machine=about, congestion=options.congestion, runs=options.runs))
        if options.svg:
            with open(options.svg, "w", encoding="utf-8") as file:
                file.write(report.plot(self.results, self.measures))


def allow_many_files():
    """10,000 streams are 20,000 descriptors in a proxy of one process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, 32_768),) * 2)
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main(arguments):
    options = parse(arguments)
    if os.geteuid() != 0:
        sys.exit("skipped: needs root")
    allow_many_files()
    bench = Bench(options)
    try:
        bench.run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    bench.tell()


if __name__ == "__main__":
    main(sys.argv[1:])
