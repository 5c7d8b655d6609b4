"""What compare.py measures of a running system. Each measure gives numbers by name; units are part of the names."""
import json
import subprocess
import time

from place import Failed, forget_peak, processor_seconds, resident

MIB = 1 << 20


class Task:
    """mtcp-load at work on a chain; entered when its measurement has begun."""

    def __init__(self, place, chain, what, *numbers, limit=120):
        self.limit = limit
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", place.near, "timeout", str(limit), place.load(), what, chain.proxy, chain.target,
             *map(str, numbers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        if self.process.stdout.readline() != "begin\n":
            raise Failed(self.process.communicate()[1].strip() or "no answer in time")
        return self

    def result(self):
        """Waits for the end."""
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.communicate()[1].strip() or "no result in time")
        return json.loads(line)

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(self.limit)
        finally:
            self.process.stdout.close()
            self.process.stderr.close()


def processor_time(chain):
    return sum(processor_seconds(half.pid) for half in chain.halves.values())


def memory(chain, name, field="VmRSS"):
    return {f"{name} of {half}, MiB": resident(process.pid, field) / MIB for half, process in chain.halves.items()}


class Bulk:
    """Streams at full speed."""

    def __init__(self, down, up):
        self.down, self.up = down, up

    def __call__(self, place, chain, seconds):
        for half in chain.halves.values():
            forget_peak(half.pid)
        with Task(place, chain, "bulk", self.down, self.up, seconds) as task:
            before = processor_time(chain)
            result = task.result()
            used = processor_time(chain) - before
        size = result["down"] + result["up"]
        if not size:
            raise Failed("nothing came through")
        found = {"MB/s": size / result["seconds"] / 1e6}
        if chain.halves:
            found["CPU s/GB"] = used / size * 1e9
            found.update(memory(chain, "peak", "VmHWM"))
        return found


def echo_idle(place, chain, seconds):
    with Task(place, chain, "echo", seconds) as task:
        before = processor_time(chain)
        result = task.result()
        used = processor_time(chain) - before
    found = {"p50 us": result["p50"], "p99 us": result["p99"]}
    if chain.halves:
        found["CPU us each"] = used / result["count"] * 1e6
    return found


def echo_busy(place, chain, seconds):
    with Task(place, chain, "bulk", 1, 0, seconds + 1) as download:
        found = echo_idle(place, chain, seconds)
        found.pop("CPU us each", None)  # most of it is the download's
        result = download.result()
    return {**found, "download MB/s": result["down"] / result["seconds"] / 1e6}


def connections(place, chain, seconds):
    with Task(place, chain, "connect", 8, 0, seconds) as task:
        before = processor_time(chain)
        result = task.result()
        used = processor_time(chain) - before
    if result["failed"]:
        raise Failed(f"{result['failed']} connections of {result['count']} failed")
    found = {"per second": result["count"] / result["seconds"]}
    if chain.halves:
        found["CPU us each"] = used / result["count"] * 1e6
    return found


def first_byte(place, chain, _):
    """Through a tunnel that has been used before."""
    with Task(place, chain, "connect", 1, 3, 10) as task:
        task.result()
    with Task(place, chain, "connect", 1, 15, 10) as task:
        result = task.result()
    return {"p50 ms": result["p50"] / 1e3, "max ms": result["max"] / 1e3}


def idle_streams(place, chain, _):
    with Task(place, chain, "hold", 10_000, limit=60):
        time.sleep(0.5)
        return memory(chain, "in use")


def growth(place, chain, _):
    """100,000 connections, one after the other, 8 at a time."""
    found = {}
    for count, name in ((10_000, "after 10,000"), (90_000, "after 100,000")):
        with Task(place, chain, "connect", 8, count, 300, limit=400) as task:
            if task.result()["failed"]:
                raise Failed("connections failed")
        time.sleep(1)
        found.update(memory(chain, name))
    return found


# Name: measure, where ("loop" or "line"), whether the system is started anew for it.
MEASURES = {
    "download of 1 stream": (Bulk(1, 0), "loop", True),
    "download of 8 streams": (Bulk(8, 0), "loop", False),
    "upload of 1 stream": (Bulk(0, 1), "loop", False),
    "upload of 8 streams": (Bulk(0, 8), "loop", False),
    "both ways 1 stream": (Bulk(1, 1), "loop", False),
    "both ways 8 streams": (Bulk(8, 8), "loop", False),
    "64-byte echo while idle": (echo_idle, "loop", False),
    "64-byte echo beside a download": (echo_busy, "loop", False),
    "new connections 8 at a time": (connections, "loop", False),
    "10000 idle streams": (idle_streams, "loop", True),
    "first byte over 40 ms": (first_byte, "line", True),
}
LONG = {"100000 connections": (growth, "loop", True)}
