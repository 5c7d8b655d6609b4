#!/usr/bin/env python3
"""Holds the includes of the sources against CONTRIBUTING.md's picture of the layers.

A file may include files of its own folder and of the layers below; folders on one line of the picture do not include
each other. No file includes itself by way of others. What the picture calls pure reads no clock, and includes no Asio,
not by way of others either.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
CLOCK = re.compile(r"_clock::now\(\)|clock_gettime|gettimeofday|std::time\(")
ASIO = re.compile(r"#include <boost/(asio|beast)[/.]")


def picture():
    """The layers from top to bottom: a list of (folders, is pure)."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    block = re.search(r"^## The layers\n.*?^```\n(.*?)^```", text, re.M | re.S)
    if not block:
        sys.exit("CONTRIBUTING.md has no picture of the layers")
    layers = []
    for line in block.group(1).splitlines():
        folders = re.findall(r"(?:^|(?<= ))((?:[a-z]+/)+)(?= |$)", re.split(r"\s{3,}(?=[a-z][a-z ,]*[^/\s])", line)[0])
        if folders:
            layers.append(([f.rstrip("/") for f in folders], "pure" in line))
    return layers


def sources(folder):
    return sorted(p for p in (ROOT / folder).rglob("*.[ch]pp") if "node_modules" not in p.parts)


def includes(path):
    """The files of ours that a file includes, relative to the root."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#include "([^"]+)"', line)
        if not found:
            continue
        name = found.group(1)
        for base in (ROOT / "common", ROOT, ROOT / "web", path.parent):
            if (base / name).is_file():
                yield number, (base / name).resolve()
                break


def layer_of(path, layers):
    """The index of a file's layer and its folder; the longest folder of the picture that holds it."""
    name = path.relative_to(ROOT).as_posix()
    best = None
    for index, (folders, _) in enumerate(layers):
        for folder in folders:
            if name.startswith(folder + "/") and (best is None or len(folder) > len(best[1])):
                best = (index, folder)
    return best


def circles(graph):
    """Each circle of includes once, as a list of files."""
    state, found = {}, []

    def visit(node, trail):
        state[node] = 1
        for other in graph.get(node, ()):
            if state.get(other) == 1:
                found.append(trail[trail.index(other):] + [other] if other in trail else [node, other])
            elif other not in state:
                visit(other, trail + [other])
        state[node] = 2

    for start in graph:
        if start not in state:
            visit(start, [start])
    return found


def way_to_asio(name, graph, uses_asio, seen):
    """The includes by which a file comes to Asio, or none."""
    seen.add(name)
    if name in uses_asio:
        return [name]
    for other in graph.get(name, ()):
        rest = other not in seen and way_to_asio(other, graph, uses_asio, seen)
        if rest:
            return [name] + rest
    return []


def main():
    layers = picture()
    wrong, graph, uses_asio, pure = [], {}, set(), []
    folders = [folder for names, _ in layers for folder in names]
    for folder in folders:
        if not sources(folder):
            wrong.append(f"CONTRIBUTING.md: there is nothing in {folder}/")
    for path in sorted({p for folder in folders for p in sources(folder)}):
        name = path.relative_to(ROOT).as_posix()
        here = layer_of(path, layers)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if ASIO.match(line):
                uses_asio.add(name)
            if layers[here[0]][1] and CLOCK.search(line):
                wrong.append(f"{name}:{number}: a pure layer reads a clock: {line.strip()}")
        if layers[here[0]][1]:
            pure.append(name)
        for number, other in includes(path):
            there = layer_of(other, layers)
            graph.setdefault(name, []).append(other.relative_to(ROOT).as_posix())
            if there is None or there == here:
                continue
            if there[0] <= here[0]:
                wrong.append(f"{name}:{number}: {here[1]}/ is not above {there[1]}/: {other.relative_to(ROOT)}")
    for name in pure:
        if way := way_to_asio(name, graph, uses_asio, set()):
            wrong.append("a pure layer comes to Asio: " + " -> ".join(way))
    wrong += ["a circle of includes: " + " -> ".join(circle) for circle in circles(graph)]
    print("\n".join(wrong) or f"{len(graph)} files keep to {len(folders)} folders' places")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    sys.exit(main())
