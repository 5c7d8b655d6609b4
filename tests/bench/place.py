"""Where compare.py measures: network namespaces of its own, and the processes in them."""
import itertools
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import threading

ORIGIN = 9000
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def file_limit():
    """The most descriptors that a process here may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


class Failed(Exception):
    """A system does not do what was asked of it."""


def tree(pid):
    """The process and all of its descendants: ssh and haproxy work in children."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree(int(child))
    return found


def processor_seconds(pid):
    """Of the process, of its children that live and of those that it has waited for."""
    total = 0
    for each in tree(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def resident(pid, field="VmRSS"):
    """Bytes in memory, of the whole tree; VmHWM for the most since forget_peak()."""
    total = 0
    for each in tree(pid):
        for line in pathlib.Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1]) * 1024
    return total


def forget_peak(pid):
    for each in tree(pid):
        pathlib.Path(f"/proc/{each}/clear_refs").write_text("5")


class Place:
    """Two ends, `near` with the application and `far` with the origin: the loopback of one namespace, or two namespaces
    with a line of 40 ms between them. Every connection uses `congestion`."""

    numbers = itertools.count()

    def __init__(self, build, congestion, line=False):
        self.build, self.congestion, self.line = build, congestion, line
        name = f"mtcp-bench-{os.getpid()}-{next(Place.numbers)}"
        self.near = f"{name}-near"
        self.far = f"{name}-far" if line else self.near
        self.server = "10.77.0.2" if line else "127.0.0.1"
        self.origin = f"{self.server}:{ORIGIN}"  # as seen without a proxy
        self.target = f"127.0.0.1:{ORIGIN}"  # as seen by the half at the far end
        self.files = pathlib.Path(tempfile.mkdtemp(prefix="mtcp-bench-"))
        self.running = []

    def __enter__(self):
        try:
            for name in dict.fromkeys((self.near, self.far)):
                self.make_namespace(name)
            if self.line:
                self.join()
            self.start(self.far, [self.load(), "origin", ORIGIN], "ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop(self.running)
        for name in dict.fromkeys((self.near, self.far)):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.files)

    def load(self):
        return f"{self.build}/tests/bench/mtcp-load"

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True)

    def make_namespace(self, name):
        self.ip("netns", "add", name)
        self.ip("-n", name, "link", "set", "lo", "up")
        for setting, value in (("tcp_congestion_control", self.congestion), ("ip_local_port_range", "10240 65000")):
            subprocess.run(["ip", "netns", "exec", name, "tee", f"/proc/sys/net/ipv4/{setting}"], input=value, text=True,
                           stdout=subprocess.DEVNULL, check=True)

    def join(self):
        for name, here, there in ((self.near, 1, 2), (self.far, 2, 1)):
            self.ip("-n", name, "tuntap", "add", "mode", "tun", "line")
            self.ip("-n", name, "addr", "add", f"10.77.0.{here}", "peer", f"10.77.0.{there}", "dev", "line")
            self.ip("-n", name, "link", "set", "line", "up")
        self.start(None, [f"{self.build}/tests/lab/mtcp-lines", self.near, self.far,
                          "line,rate=125e6,delay=20,queue=4e6"], "ready")

    def start(self, where, command, until=None):
        """Starts a process and waits for a line with `until` in it."""
        inside = ["ip", "netns", "exec", where] if where else []
        process = subprocess.Popen([*inside, *map(str, command)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE if until else subprocess.DEVNULL, stderr=subprocess.STDOUT,
                                   text=True)
        self.running.append(process)
        if until:
            if not any(until in line for line in process.stdout):
                raise Failed(f"{command[0]} has ended")
            threading.Thread(target=process.stdout.read, daemon=True).start()  # nobody blocks on a full pipe
        return process

    def stop(self, processes):
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = [p for p in self.running if p not in processes]


class Site:
    """A system in a place of its own, started when it is needed."""

    def __init__(self, place, start):
        self.place, self.start = place, start
        self.others = list(place.running)
        self.chain = None

    def running(self, anew):
        if anew:
            self.stop()
        if self.chain is None:
            self.chain = self.start(self.place)
        return self.chain

    def stop(self):
        self.place.stop([process for process in self.place.running if process not in self.others])
        self.chain = None
