#!/usr/bin/env python3
"""What paths.py runs inside its namespaces: an origin at the far end, and at the near one what loads it and measures.

Whoever receives measures; both ends print one line of JSON. Times are seconds, from the dial or, at a sink, from the
first byte."""
import errno
import json
import math
import selectors
import socket
import sys
import time
import urllib.request

IPPROTO_MPTCP = 262
PLAIN, MPTCP, SINK, ECHO, SOCKS, STATUS, HAPROXY = 9000, 9001, 9002, 9003, 1080, 8088, 8001
CHUNK = memoryview(bytes(1 << 20))
MESSAGE, EVERY = 64, 0.05  # bytes, seconds
STILL = 5.0  # who has had nothing for so long at the end stands still
GIVES_UP = 120.0  # on a download of some size


def listen(port, protocol=0):
    door = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, protocol)
    door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("::", port))
    door.listen(1024)
    door.setblocking(False)
    return door


class Download:
    """Sends as many bytes as it is asked for."""
    events = selectors.EVENT_READ

    def __init__(self):
        self.asked, self.left = b"", 0

    def turn(self, peer):
        if not self.left:
            got = peer.recv(8 - len(self.asked))
            if not got:
                raise OSError("closed")
            self.asked += got
            if len(self.asked) == 8:
                self.left, self.asked = int.from_bytes(self.asked, "big"), b""
        else:
            self.left -= peer.send(CHUNK[:min(len(CHUNK), self.left)])
        self.events = selectors.EVENT_WRITE if self.left else selectors.EVENT_READ


class Echo:
    events = selectors.EVENT_READ

    def turn(self, peer):
        got = peer.recv(1 << 16)
        if not got:
            raise OSError("closed")
        peer.send(got)


def serve():
    """Downloads on plain TCP and on MPTCP, and an echo."""
    ready = selectors.DefaultSelector()
    for port, protocol, service in ((PLAIN, 0, Download), (MPTCP, IPPROTO_MPTCP, Download), (ECHO, 0, Echo)):
        try:
            ready.register(listen(port, protocol), selectors.EVENT_READ, service)
        except OSError:
            continue  # a kernel without MPTCP
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            if isinstance(key.data, type):
                peer, _ = key.fileobj.accept()
                peer.setblocking(False)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(peer, selectors.EVENT_READ, key.data())
                continue
            try:
                key.data.turn(key.fileobj)
                if key.events != key.data.events:
                    ready.modify(key.fileobj, key.data.events, key.data)
            except BlockingIOError:
                pass
            except OSError:
                ready.unregister(key.fileobj)
                key.fileobj.close()


def connect(kind, host, port=PLAIN):
    """A connection, which may still be coming up: where a network lets not all of them, others need not wait."""
    if kind == "socks":
        peer = socket.create_connection(("127.0.0.1", SOCKS))
        peer.sendall(b"\x05\x01\x00")
        peer.recv(2, socket.MSG_WAITALL)
        peer.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + port.to_bytes(2, "big"))
        if peer.recv(10, socket.MSG_WAITALL)[1:2] != b"\0":
            raise OSError("the proxy refused")
        peer.setblocking(False)
    elif kind == "haproxy":
        peer = socket.create_connection(("127.0.0.1", HAPROXY))
        peer.setblocking(False)
    else:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        peer = socket.socket(family, socket.SOCK_STREAM, IPPROTO_MPTCP if kind == "mptcp" else 0)
        peer.setblocking(False)
        if peer.connect_ex((host, MPTCP if kind == "mptcp" else port)) not in (0, errno.EINPROGRESS):
            raise OSError("no way to " + host)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


class Meter:
    """Counts what comes, and looks for pauses, before it is `warm` and from then on."""

    def __init__(self, warm, until):
        self.warm, self.until = warm, until
        self.begin = self.last = time.monotonic()
        self.got = self.counted = 0
        self.gaps = [0.0, 0.0]
        self.heard = {}  # when, by connection

    def expect(self, peer):
        self.heard[peer] = self.begin

    def add(self, peer, size, now):
        self.got += size
        self.counted += size if now - self.begin >= self.warm else 0
        self.heard[peer] = now

    def pause(self, now):
        """One that ends now."""
        is_warm = now - self.begin >= self.warm
        self.gaps[is_warm] = max(self.gaps[is_warm], now - self.last)
        self.last = now

    def over(self, now):
        return now - self.begin >= self.until

    def result(self):
        end = time.monotonic()
        seconds = self.last - self.begin
        if self.over(end):
            self.pause(end)
        still = sum(end - at > STILL for at in self.heard.values())
        return {"bytes": self.got, "rate": self.counted / (self.until - self.warm), "seconds": seconds, "first gap": self.gaps[0],
                "gap": self.gaps[1], "still": still, "connections": len(self.heard)}


def receive(ready, meter, size=0):
    """What the selector's connections bring; their data is what is to be sent first."""
    buffer = bytearray(1 << 18)
    while not size or meter.got < size:
        events = ready.select(0.1)
        now = time.monotonic()
        if meter.over(now):
            break
        came = False
        for key, _ in events:
            try:
                if key.events == selectors.EVENT_WRITE:
                    key.fileobj.send(key.data)
                    ready.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                n = key.fileobj.recv_into(buffer)
            except OSError:
                n = 0
            if n == 0:
                ready.unregister(key.fileobj)
                continue
            meter.add(key.fileobj, n, now)
            came = True
        if came:
            meter.pause(now)
    print(json.dumps(meter.result()))


def fetch(kind, warm, until, size, *hosts):
    """Downloads from every host at once: so many bytes, or until that time."""
    size = int(size)
    ready = selectors.DefaultSelector()
    meter = Meter(float(warm), GIVES_UP if size else float(until))
    for host in hosts:
        peer = connect(kind, host)
        meter.expect(peer)
        ready.register(peer, selectors.EVENT_WRITE, (size or 1 << 60).to_bytes(8, "big"))
    print("started", flush=True)
    receive(ready, meter, size)


def sink(warm, until, count):
    """The far end of so many uploads, which need not all come."""
    door = listen(SINK)
    print("ready", flush=True)
    door.setblocking(True)
    peers = [door.accept()[0]]
    meter = Meter(float(warm), float(until))
    door.settimeout(0.5)
    try:
        while len(peers) < int(count):
            peers.append(door.accept()[0])
    except socket.timeout:
        pass
    ready = selectors.DefaultSelector()
    for peer in peers:
        peer.setblocking(False)
        meter.expect(peer)
        ready.register(peer, selectors.EVENT_READ)
    receive(ready, meter)


def push(kind, *hosts):
    """Uploads to every host at once, until it is ended."""
    ready = selectors.DefaultSelector()
    for host in hosts:
        ready.register(connect(kind, host, SINK), selectors.EVENT_WRITE)
    while True:
        for key, _ in ready.select():
            try:
                key.fileobj.send(CHUNK)
            except BlockingIOError:
                pass
            except OSError:
                ready.unregister(key.fileobj)


def echo(kind, warm, until, host):
    """A message every 50 ms, whether or not the one before has been answered."""
    peer = connect(kind, host, ECHO)
    ready = selectors.DefaultSelector()
    ready.register(peer, selectors.EVENT_READ)
    warm, until = float(warm), float(until)
    begin = time.monotonic()
    sent, took, got = [], [], 0
    while (now := time.monotonic()) < begin + until:
        if now >= begin + EVERY * len(sent):
            try:
                peer.send(bytes(MESSAGE))
                sent.append(now)
            except OSError:
                time.sleep(0.001)  # it is not up yet
            continue
        if ready.select(begin + EVERY * len(sent) - now):
            got += len(peer.recv(1 << 16))
            took += [time.monotonic() - sent[i] for i in range(len(took), got // MESSAGE)]
    took += [time.monotonic() - at for at in sent[len(took):]]
    counted = sorted(t for t, at in zip(took, sent) if at >= begin + warm)
    print(json.dumps({"p50": counted[len(counted) // 2], "p99": counted[math.ceil(0.99 * len(counted)) - 1],
                      "worst": counted[-1], "messages": len(sent)}))


def watch():
    """Once a second, how many bridges the client has."""
    begin = time.monotonic()
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{STATUS}/api/stats", timeout=5) as answer:
            bridges = json.load(answer)["bridges"]
        print(json.dumps([time.monotonic() - begin, sum(b["state"] == "up" for b in bridges)]), flush=True)
        time.sleep(1)


if __name__ == "__main__":
    {f.__name__: f for f in (serve, fetch, sink, push, echo, watch)}[sys.argv[1]](*sys.argv[2:])
