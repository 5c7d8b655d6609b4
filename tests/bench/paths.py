#!/usr/bin/env python3
"""One download over emulated lines: a plain TCP connection, several, kernel MPTCP and mtcp, side by side in one run.

Needs root, TUN devices and network namespaces; makes two of its own and removes them. Lines are emulated by mtcp-lines
(tests/lab). Rates are medians of N runs (default 3) with the lowest and the highest, in MB/s after 5 s of start-up; the
share is that of the sum of the lines' rates, headers included, and the longest pause that between two reads of the
application. All use the system's congestion control.
"""
import argparse
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

IPPROTO_MPTCP = 262
PLAIN, MPTCP, BRIDGES, SOCKS = 9000, 9001, 8443, 1080
CHUNK = memoryview(bytes(1 << 20))
WARM, UNTIL = 5.0, 25.0  # seconds from the request; bbr empties its connections every 10 s

# Bytes per second, one-way delay in ms, queue in bytes; `each`: every connection has such a line of its own.
CASES = {
    "5 x 8 MB/s each, 40 ms": dict(lines=[(8e6, 20, 800e3)], each=5),
    "8 x 1 MB/s each, 80 ms": dict(lines=[(1e6, 40, 100e3)], each=8),
    "8 x 3 MB/s each, 200 ms": dict(lines=[(3e6, 100, 600e3)], each=8),
    "20/50/200 Mbit/s, 10/40/100 ms": dict(lines=[(2.5e6, 5, 250e3), (6.25e6, 20, 625e3), (25e6, 50, 2500e3)]),
    "2 x 16 MB/s and 2 MB/s, 40 ms": dict(lines=[(16e6, 20, 1600e3), (16e6, 20, 1600e3), (2e6, 20, 200e3)]),
    "20 MB over 100 Mbit/s 20 ms + 4 Mbit/s 300 ms": dict(
        lines=[(12.5e6, 10, 1250e3), (0.5e6, 150, 150e3)], size=20_000_000),
    "one of 3 x 8 MB/s, 30 ms, falls silent": dict(lines=[(8e6, 15, 800e3)] * 3, silent=True),
}


# ---- what runs inside the namespaces ----

def serve():
    """Sends as many bytes as it is asked for, on plain TCP and on MPTCP."""
    ready = selectors.DefaultSelector()
    for port, protocol in ((PLAIN, 0), (MPTCP, IPPROTO_MPTCP)):
        try:
            door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
        except OSError:
            continue  # a kernel without MPTCP
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("0.0.0.0", port))
        door.listen()
        door.setblocking(False)
        ready.register(door, selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            if key.data is None:
                peer, _ = key.fileobj.accept()
                ready.register(peer, selectors.EVENT_READ, {"left": 0})
                continue
            try:
                if not key.data["left"]:
                    asked = key.fileobj.recv(8, socket.MSG_WAITALL)
                    if len(asked) < 8:
                        raise OSError
                    key.data["left"] = int.from_bytes(asked, "big")
                    key.fileobj.setblocking(False)
                    ready.modify(key.fileobj, selectors.EVENT_WRITE, key.data)
                key.data["left"] -= key.fileobj.send(CHUNK[: min(len(CHUNK), key.data["left"])])
                if not key.data["left"]:
                    ready.modify(key.fileobj, selectors.EVENT_READ, key.data)
            except BlockingIOError:
                pass
            except OSError:
                ready.unregister(key.fileobj)
                key.fileobj.close()


def connect(kind, host):
    peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP if kind == "mptcp" else 0)
    if kind == "socks":
        peer.connect(("127.0.0.1", SOCKS))
        peer.sendall(b"\x05\x01\x00")
        peer.recv(2, socket.MSG_WAITALL)
        peer.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + PLAIN.to_bytes(2, "big"))
        if peer.recv(10, socket.MSG_WAITALL)[1:2] != b"\0":
            raise OSError("the proxy refused")
    else:
        peer.connect((host, MPTCP if kind == "mptcp" else PLAIN))
    return peer


def fetch(kind, size, *hosts):
    """Downloads from every host at once; prints what came, when."""
    size = int(size)
    ready = selectors.DefaultSelector()
    peers = [connect(kind, host) for host in hosts]
    begin = time.monotonic()
    for peer in peers:
        peer.sendall((size or 1 << 60).to_bytes(8, "big"))
        ready.register(peer, selectors.EVENT_READ)
    got, counted, last, gap = 0, 0, begin, 0.0
    buffer = bytearray(1 << 18)
    print("started", flush=True)
    while not size or got < size:
        events = ready.select(0.1)
        now = time.monotonic()
        if not size and now - begin >= UNTIL or now - begin > 120:
            break
        for key, _ in events:
            n = key.fileobj.recv_into(buffer)
            if n == 0:
                raise OSError("cut short")
            got += n
            if now - begin >= WARM:
                counted += n
        if events:
            if now - begin >= WARM:
                gap = max(gap, now - last)
            last = now
    print(json.dumps({"rate": counted / (UNTIL - WARM), "seconds": last - begin, "gap": gap}))


# ---- the laboratory ----

class Lab:
    """Two namespaces, joined by lines, with all servers running."""

    def __init__(self, build, case):
        self.build, self.case = build, case
        self.near, self.far = f"mtcp-near-{os.getpid()}", f"mtcp-far-{os.getpid()}"
        self.files = tempfile.TemporaryDirectory()
        self.running = []
        self.lines = case["lines"]

    def __enter__(self):
        try:
            self.make_namespaces()
            self.start_servers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            process.wait()
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
        self.files.cleanup()

    def ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True)

    def inside(self, name, *command):
        return ["ip", "netns", "exec", name, *command]

    def start(self, command, until):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.running.append(process)
        for line in process.stdout:
            if until in line:
                return process
        raise RuntimeError(" ".join(command) + " has ended")

    def addresses(self, end):
        return [f"10.77.{i}.{end}" for i in range(len(self.lines))]

    def make_namespaces(self):
        for end, (name, other) in enumerate(((self.near, 2), (self.far, 1)), 1):
            self.ip("netns", "add", name)
            self.ip("-n", name, "link", "set", "lo", "up")
            for i in range(len(self.lines)):
                self.ip("-n", name, "tuntap", "add", "mode", "tun", f"line{i}")
                self.ip("-n", name, "addr", "add", f"10.77.{i}.{end}", "peer", f"10.77.{i}.{other}", "dev", f"line{i}")
                self.ip("-n", name, "link", "set", f"line{i}", "up", "txqueuelen", "1000")
        specs = [f"line{i},rate={rate},delay={delay},queue={queue}" + (",each" if "each" in self.case else "")
                 for i, (rate, delay, queue) in enumerate(self.lines)]
        self.emulator = self.start([f"{self.build}/tests/lab/mtcp-lines", self.near, self.far, *specs], "ready")
        self.allow_mptcp()

    def allow_mptcp(self):
        """The server announces its other addresses, or ports where there is one line only."""
        try:
            for name in (self.near, self.far):
                self.ip("-n", name, "mptcp", "limits", "set", "subflow", "8", "add_addr_accepted", "8")
            if "each" in self.case:
                for i in range(self.case["each"] - 1):
                    self.ip("-n", self.far, "mptcp", "endpoint", "add", "10.77.0.2", "port", str(9100 + i), "signal")
            else:
                for address in self.addresses(2)[1:]:
                    self.ip("-n", self.far, "mptcp", "endpoint", "add", address, "signal")
            self.has_mptcp = True
        except subprocess.CalledProcessError:
            self.has_mptcp = False

    def start_servers(self):
        self.start(self.inside(self.far, sys.executable, __file__, "--serve"), "ready")
        server, client = f"{self.build}/server/mtcp-server", f"{self.build}/client/mtcp-client"
        key = os.path.join(self.files.name, "key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(subprocess.run([server, "keygen"], check=True, capture_output=True, text=True).stdout)
        self.start(self.inside(self.far, server, "--key-file", key, "--listen", f"0.0.0.0:{BRIDGES}", "--allow",
                               "127.0.0.0/8"), "listening bridges")
        if "each" in self.case:
            paths = ["--server", f"10.77.0.2:{BRIDGES}", "--bridges", str(self.case["each"])]
        else:
            paths = [word for address in self.addresses(2)
                     for word in ("--path", f"server={address}:{BRIDGES},bridges=1")]
        self.start(self.inside(self.near, client, "--key-file", key, "--socks", f"127.0.0.1:{SOCKS}", *paths),
                   "tunnel up")
        time.sleep(1)  # the other bridges; it would do without, but is to be measured with all of them

    def download(self, kind, hosts):
        size = self.case.get("size", 0)
        command = self.inside(self.near, sys.executable, __file__, "--fetch", kind, str(size), *hosts)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            if self.case.get("silent"):
                time.sleep(WARM + 2)
                self.emulator.send_signal(signal.SIGUSR1)
            result = process.stdout.readline()
        return json.loads(result) if result else None


def systems(case):
    """Name, kind and connections of what is compared."""
    count = case.get("each") or len(case["lines"])
    every = ["10.77.0.2"] * count if "each" in case else [f"10.77.{i}.2" for i in range(count)]
    best = max(range(len(case["lines"])), key=lambda i: case["lines"][i][0])
    plain = [] if case.get("silent") else [("1 TCP", "tcp", [f"10.77.{best}.2"])]
    if not case.get("size") and not case.get("silent"):
        plain.append((f"{count} TCP", "tcp", every))
    return plain + [("MPTCP", "mptcp", ["10.77.0.2"]), ("mtcp", "socks", ["-"])]


def describe(case, results):
    if case.get("silent"):
        gaps = sorted(r["gap"] for r in results)
        return f"longest pause {1e3 * statistics.median(gaps):.0f} ms ({1e3 * gaps[0]:.0f} to {1e3 * gaps[-1]:.0f})"
    if case.get("size"):
        times = sorted(r["seconds"] for r in results)
        return f"{statistics.median(times):.3f} s ({times[0]:.3f} to {times[-1]:.3f})"
    rates = sorted(r["rate"] for r in results)
    total = sum(rate for rate, _, _ in case["lines"]) * case.get("each", 1)
    pause = statistics.median(r["gap"] for r in results)
    return (f"{statistics.median(rates) / 1e6:6.2f} MB/s ({rates[0] / 1e6:.2f} to {rates[-1] / 1e6:.2f})"
            f"  {100 * statistics.median(rates) / total:5.1f} %  longest pause {1e3 * pause:.0f} ms")


def compare(build, name, case, runs):
    print(name)
    results = {}
    for _ in range(runs):
        for system, kind, hosts in systems(case):
            with Lab(build, case) as lab:
                if kind == "mptcp" and not lab.has_mptcp:
                    continue
                result = lab.download(kind, hosts)
                if result:
                    results.setdefault(system, []).append(result)
    for system, _, _ in systems(case):
        print(f"  {system:6} {describe(case, results[system]) if system in results else 'skipped: not on this kernel'}",
              flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="the build folder")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="part of a case's name: " + "; ".join(CASES))
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args(arguments)


def main(arguments):
    if arguments[:1] == ["--serve"]:
        return serve()
    if arguments[:1] == ["--fetch"]:
        return fetch(*arguments[1:])
    options = parse(arguments)
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        sys.exit("skipped: needs root and /dev/net/tun")
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
        print("congestion control:", file.read().strip())
    for name, case in CASES.items():
        if not options.cases or any(word in name for word in options.cases):
            compare(options.build, name, case, options.runs)


if __name__ == "__main__":
    main(sys.argv[1:])
