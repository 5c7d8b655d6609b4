"""Where paths.py measures: two namespaces, joined by emulated lines (tests/lab), with all servers running."""
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from path_traffic import SOCKS
from peers import Haproxy
from place import forget_peak, processor_seconds, resident

BRIDGES = 8443
TRAFFIC = pathlib.Path(__file__).with_name("path_traffic.py")


@dataclasses.dataclass
class Mtcp:
    """What the halves are told beyond what a case says: fields of every path, and options."""
    name: str = "mtcp"
    fields: dict = dataclasses.field(default_factory=dict)
    client: list = dataclasses.field(default_factory=list)
    server: list = dataclasses.field(default_factory=list)

    @classmethod
    def parse(cls, text):
        """`FIELD=VALUE... --CLIENT-OPTION... / --SERVER-OPTION...`, each part or none."""
        client, _, server = text.partition(" / ")
        words = client.split()
        first = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
        fields = dict(word.split("=", 1) for word in words[:first])
        return cls(f"mtcp {text}".strip(), fields, words[first:], server.split())


@dataclasses.dataclass
class Place:
    """What compare.py's systems are started with."""
    near: str
    far: str
    server: str
    files: pathlib.Path
    running: list

    def start(self, where, command):
        process = subprocess.Popen(["ip", "netns", "exec", where, *map(str, command)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        self.running.append(process)
        return process


def line_words(line):
    """As mtcp-lines wants them: KEY=VALUE with dashes, or KEY alone for what is merely so."""
    return [key.replace("_", "-") + ("" if value is True else f"={value}") for key, value in line.items()]


class Lab:
    def __init__(self, build, case, kind="tcp", mtcp=None, ipv6=False):
        self.build, self.case, self.kind, self.mtcp, self.ipv6 = build, case, kind, mtcp, ipv6
        self.near, self.far = f"mtcp-near-{os.getpid()}", f"mtcp-far-{os.getpid()}"
        self.files = tempfile.TemporaryDirectory()
        self.running, self.halves = [], {}
        self.lines = case["lines"]

    def __enter__(self):
        try:
            self.make_namespaces()
            self.start(self.inside(self.far, "serve"), "ready")
            if self.mtcp:
                self.start_mtcp()
            elif self.kind == "haproxy":
                self.start_haproxy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.kill()  # nothing is to be kept, and mtcp would wait for lines that are gone
            process.wait()
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)
        self.files.cleanup()

    def ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True)

    def inside(self, name, *command):
        return ["ip", "netns", "exec", name, sys.executable, TRAFFIC, *map(str, command)]

    def start(self, command, until):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.running.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if until in line:
                return process
        raise RuntimeError("".join(said) or " ".join(map(str, command)) + " has ended")

    # ---- the namespaces ----

    def address(self, line, end):
        return f"fd77:0:0:{line}::{end}" if self.ipv6 else f"10.77.{line}.{end}"

    def endpoint(self, line):
        return f"[{self.address(line, 2)}]:{BRIDGES}" if self.ipv6 else f"{self.address(line, 2)}:{BRIDGES}"

    def make_namespaces(self):
        for end, (name, other) in enumerate(((self.near, 2), (self.far, 1)), 1):
            self.ip("netns", "add", name)
            self.ip("-n", name, "link", "set", "lo", "up")
            for i in range(len(self.lines)):
                self.ip("-n", name, "tuntap", "add", "mode", "tun", f"line{i}")
                words = [f"{self.address(i, end)}/64", "nodad"] if self.ipv6 else [self.address(i, end), "peer",
                                                                                  self.address(i, other)]
                self.ip("-n", name, "addr", "add", *words, "dev", f"line{i}")
                self.ip("-n", name, "link", "set", f"line{i}", "up", "txqueuelen", "1000")
        specs = [",".join([f"line{i}", *line_words(line)]) for i, line in enumerate(self.lines)]
        self.emulator = self.start([f"{self.build}/tests/lab/mtcp-lines", self.near, self.far, *specs], "ready")
        self.has_mptcp = not self.ipv6 and self.allow_mptcp()

    def allow_mptcp(self):
        """The server announces its other addresses, or ports where there is one line only."""
        try:
            for name in (self.near, self.far):
                self.ip("-n", name, "mptcp", "limits", "set", "subflow", "8", "add_addr_accepted", "8")
            for i in range(self.case.get("each", 1) - 1):
                self.ip("-n", self.far, "mptcp", "endpoint", "add", self.address(0, 2), "port", str(9100 + i), "signal")
            for i in range(1, len(self.lines)):
                self.ip("-n", self.far, "mptcp", "endpoint", "add", self.address(i, 2), "signal")
            return True
        except subprocess.CalledProcessError:
            return False

    # ---- mtcp ----

    def start_mtcp(self):
        server, client = f"{self.build}/server/mtcp-server", f"{self.build}/client/mtcp-client"
        key = os.path.join(self.files.name, "key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(subprocess.run([server, "keygen"], check=True, capture_output=True, text=True).stdout)
        far, near = (["ip", "netns", "exec", name] for name in (self.far, self.near))  # which become the program
        self.halves["server"] = self.start(
            [*far, server, "--key-file", key, "--listen", f"{'[::]' if self.ipv6 else '0.0.0.0'}:{BRIDGES}", "--allow",
             "127.0.0.0/8", *self.mtcp.server], "listening bridges")
        self.halves["client"] = self.start(
            [*near, client, "--key-file", key, "--socks", f"127.0.0.1:{SOCKS}", "--direct", "none", *self.paths(),
             *self.mtcp.client],
            "tunnel up")
        for half in self.halves.values():
            threading.Thread(target=half.stdout.read, daemon=True).start()  # or it would wait at a full pipe
        time.sleep(1)  # the other bridges; it would do without, but is to be measured with all of them

    def start_haproxy(self):
        place = Place(self.near, self.far, self.address(0, 2), pathlib.Path(self.files.name), self.running)
        self.halves = Haproxy()(place).halves

    def paths(self):
        words = []
        for i in range(len(self.lines)):
            fields = {"server": self.endpoint(i), "bridges": self.case.get("bridges", 1), **self.mtcp.fields}
            words += ["--path", ",".join(f"{key}={value}" for key, value in fields.items())]
        return words

    # ---- measuring ----

    def hosts(self, lines):
        return ["-"] if self.kind == "socks" else [self.address(i, 2) for i in lines]

    def measure(self, way, lines):
        """One transfer; with the peak and the processor time of each half, the bridges of every second and what the lines
        have counted."""
        before = {name: processor_seconds(half.pid) for name, half in self.halves.items()}
        for half in self.halves.values():
            forget_peak(half.pid)
        watcher = self.start(self.inside(self.near, "watch"), "[") if self.mtcp else None
        found = {"down": self.download, "up": self.upload, "echo": self.echo}[way](self.kind, self.hosts(lines))
        for name, half in self.halves.items():
            found[f"{name} MiB"] = resident(half.pid, "VmHWM") / (1 << 20)
            found[f"{name} s"] = processor_seconds(half.pid) - before[name]
        if watcher:
            watcher.terminate()
            found["bridges"] = [json.loads(line) for line in watcher.stdout.read().splitlines() if line.endswith("]")]
        self.emulator.terminate()
        counts = [json.loads(line) for line in self.emulator.stdout.read().splitlines()]
        found["lines"] = {key: sum(line[key] for line in counts) for key in ("up", "down", "syns", "excess", "blocks")}
        return found

    def times(self):
        return self.case["warm"], self.case["until"]

    def finish(self, process):
        result = process.stdout.readline()
        if not result:
            raise RuntimeError("no result")
        return json.loads(result)

    def download(self, kind, hosts):
        command = self.inside(self.near, "fetch", kind, *self.times(), self.case.get("size", 0), *hosts)
        process = self.start(command, "started")
        if self.case.get("goes_dark"):
            time.sleep(self.case["warm"] + 2)
            self.emulator.send_signal(signal.SIGUSR1)
        return self.finish(process)

    def upload(self, kind, hosts):
        process = self.start(self.inside(self.far, "sink", *self.times(), len(hosts)), "ready")
        self.running.append(subprocess.Popen(self.inside(self.near, "push", kind, *hosts)))
        return self.finish(process)

    def echo(self, kind, hosts):
        with subprocess.Popen(self.inside(self.near, "echo", kind, *self.times(), hosts[0]), stdout=subprocess.PIPE,
                              text=True) as process:
            return self.finish(process)
