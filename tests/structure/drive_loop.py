#!/usr/bin/env python3
"""Engines are driven in one place: nobody but a session asks one for deadlines, events, bridges in turn or frames.

Tests of single behaviours (tests/core, tests/session, tests/vectors) may look at what an engine would say.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
FOLDERS = ("common", "client", "server", "web", "tests/bench", "tests/fuzz", "tests/net", "tests/sim")
DRIVERS = {"common/mtcp/session/session.cpp", "common/mtcp/session/bridge.cpp"}
CALL = re.compile(r"\b(poll_timeout|handle_timeout|transmit_order|poll_transmit|poll_event|frames_for)\(")


def main():
    wrong, driven = [], set()
    for path in sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.[ch]pp")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("common/mtcp/core/"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if call := CALL.search(line.split("//")[0]):
                driven.add(name)
                if name not in DRIVERS:
                    wrong.append(f"{name}:{number}: drives an engine by {call.group(1)}(); sessions do")
    wrong += [f"{name}: drives no engine" for name in sorted(DRIVERS - driven)]
    print("\n".join(wrong) or "sessions drive all engines")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
