#!/usr/bin/env python3
"""mtcp and the proxies that people use, side by side in one run: speed, processor time, memory, latency.

  compare.py BUILD-FOLDER [--runs N] [--seconds S] [--systems A,B] [--measures A,B] [--long]
             [--congestion NAME] [--json FILE] [--svg FILE]

Needs root and network namespaces; makes its own and removes them, and nothing leaves them. Needs the targets mtcp-client,
mtcp-server, mtcp-load and mtcp-lines of a release build. Systems whose programs are not installed are skipped. All
systems do one measure after the other in turn, so that what else the machine does hits them alike: compare within one run
only. Figures are medians of N runs (default 5) with the lowest and the highest; S (default 3) is how long each measure
takes. Names of systems and measures may be shortened to any part of them. --long adds 100,000 connections.

All peers, and the origin, use one congestion control (default reno): bbr paces even loopback, and would hide the programs.
"""
import argparse
import contextlib
import os
import platform
import resource
import sys

import measures as measuring
import report
from peers import SYSTEMS, missing
from place import Failed, Place, Site


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
        for number in range(self.options.runs):
            for where in ("loop", "line"):
                names = [name for name in self.measures if self.measures[name][1] == where]
                if names:
                    self.round(number, where, names)

    def round(self, number, where, names):
        """All systems stand ready, and do one measure after the other; each time another one begins."""
        with contextlib.ExitStack() as stack:
            sites = []
            for system, start in self.systems.items():
                place = stack.enter_context(Place(self.options.build, self.options.congestion, line=where == "line"))
                sites.append((system, Site(place, start)))
            for turn, name in enumerate(names, number):
                print(f"run {number + 1} of {self.options.runs}: {name}", file=sys.stderr)
                first = turn % len(sites)
                for system, site in sites[first:] + sites[:first]:
                    if applies(system, name) and (system, name) not in self.unable:
                        self.measure(system, site, name)

    def measure(self, system, site, name):
        what, _, anew = self.measures[name]
        try:
            for field, value in what(site.place, site.running(anew), self.options.seconds).items():
                self.results[system].setdefault(name, {}).setdefault(field, []).append(value)
        except Failed as e:
            print(f"{system}, {name}: {e}", file=sys.stderr)
            site.stop()
            if name not in self.results[system]:
                self.unable.add((system, name))

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
