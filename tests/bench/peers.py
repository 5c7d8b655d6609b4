"""The systems that compare.py measures: how to start each, and how to reach the origin through it.

A system is started with a Place and gives a Chain: its processes, half by half, and the addresses for mtcp-load.
"""
import dataclasses
import getpass
import json
import os
import shutil
import subprocess
import time

from place import ORIGIN, Failed, file_limit


@dataclasses.dataclass
class Chain:
    halves: dict  # name of the half: Popen; everything that counts as the system's own work
    proxy: str  # ADDRESS:PORT of SOCKS5, or -
    target: str


def wait_for(place, address):
    """Until somebody listens there, as seen from the near end."""
    host, _, port = address.rpartition(":")
    probe = f"import socket; socket.create_connection(({host!r}, {port}), 1)"
    for _ in range(100):
        if subprocess.run(["ip", "netns", "exec", place.near, "python3", "-c", probe], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise Failed(f"nobody listens at {address}")


def secret_file(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return path


def direct(place):
    return Chain({}, "-", place.origin)


class Mtcp:
    needs = ()

    def __init__(self, bridges, *options):
        self.bridges, self.options = bridges, options

    def __call__(self, place):
        server, client = f"{place.build}/server/mtcp-server", f"{place.build}/client/mtcp-client"
        key = place.files / "key"
        if not key.exists():
            secret_file(key, subprocess.run([server, "keygen"], check=True, capture_output=True, text=True).stdout)
        far = place.start(place.far, [server, "--key-file", key, "--listen", f"{place.server}:8443", "--allow",
                                      "127.0.0.0/8", "--status", "none"], "listening bridges")
        near = place.start(place.near, [client, "--key-file", key, "--socks", "127.0.0.1:1080", "--status", "none", "--direct",
                                        "none", "--path",
                                        f"server={place.server}:8443,bridges={self.bridges},"
                                        f"congestion={place.congestion}", *self.options], "tunnel up")
        time.sleep(1)  # the other bridges
        return Chain({"client": near, "server": far}, "127.0.0.1:1080", place.target)


class Haproxy:
    """TLS 1.3 between two haproxies, to one fixed origin."""
    needs = ("haproxy", "openssl")
    common = """
global
  nbthread 1
  maxconn {most}
  tune.ssl.default-dh-param 2048
  {tuning}
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
"""
    near = """
listen near
  bind 127.0.0.1:8001
  server far {server}:8002 ssl verify none force-tlsv13 ciphersuites TLS_AES_128_GCM_SHA256
"""
    far = """
listen far
  bind {server}:8002 ssl crt {certificate} ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256
  server origin 127.0.0.1:{port}
"""

    def __init__(self, tuning=""):
        self.tuning = tuning

    def certificate(self, place):
        path = place.files / "certificate.pem"
        if not path.exists():
            key = place.files / "certificate.key"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench",
                            "-keyout", key, "-out", path], check=True, stderr=subprocess.DEVNULL)
            path.write_text(path.read_text() + key.read_text())
        return path

    def half(self, place, name, where, part):
        file = place.files / f"{name}.cfg"
        file.write_text((self.common + part).format(server=place.server, certificate=self.certificate(place),
                                                    port=ORIGIN, tuning=self.tuning,
                                                    most=min(12_000, file_limit() // 2 - 50)))
        return place.start(where, ["haproxy", "-q", "-db", "-f", file])

    def __call__(self, place):
        far = self.half(place, "far", place.far, self.far)
        near = self.half(place, "near", place.near, self.near)
        wait_for(place, "127.0.0.1:8001")
        wait_for(place, f"{place.server}:8002")
        return Chain({"client": near, "server": far}, "-", "127.0.0.1:8001")


class Ssh:
    needs = ("ssh", "sshd", "ssh-keygen")
    cipher = "aes128-gcm@openssh.com"

    def __call__(self, place):
        os.makedirs("/run/sshd", exist_ok=True)  # where sshd locks its children in
        for name in ("host", "user"):
            if not (place.files / name).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.files / name], check=True)
        options = [f"HostKey={place.files}/host", f"AuthorizedKeysFile={place.files}/user.pub", "UsePAM=no",
                   "StrictModes=no", "PermitRootLogin=yes", "PidFile=none", f"Ciphers={self.cipher}"]
        far = place.start(place.far, [shutil.which("sshd"), "-D", "-e", "-f", "/dev/null", "-p", "8022",
                                      *(word for o in options for word in ("-o", o))], "listening")
        wait_for(place, f"{place.server}:8022")
        near = place.start(place.near, ["ssh", "-F", "/dev/null", "-N", "-D", "127.0.0.1:1081", "-p", "8022", "-i",
                                        place.files / "user", "-c", self.cipher, "-o", "StrictHostKeyChecking=no", "-o",
                                        "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                                        f"{getpass.getuser()}@{place.server}"])
        wait_for(place, "127.0.0.1:1081")
        return Chain({"client": near, "server": far}, "127.0.0.1:1081", place.target)


class Microsocks:
    needs = ("microsocks",)

    def __call__(self, place):
        far = place.start(place.far, ["microsocks", "-i", place.server, "-p", "1082"])
        wait_for(place, f"{place.server}:1082")
        return Chain({"server": far}, f"{place.server}:1082", place.target)


class Shadowsocks:
    needs = ("ss-server", "ss-local")

    def __call__(self, place):
        common = ["-s", place.server, "-p", "8388", "-k", "bench", "-m", "aes-128-gcm", "-n", "30000"]
        far = place.start(place.far, ["ss-server", *common])
        near = place.start(place.near, ["ss-local", *common, "-b", "127.0.0.1", "-l", "1083"])
        wait_for(place, f"{place.server}:8388")
        wait_for(place, "127.0.0.1:1083")
        return Chain({"client": near, "server": far}, "127.0.0.1:1083", place.target)


class V2ray:
    needs = ("v2ray",)
    user = {"id": "2b1a8a62-7d0f-4c7e-9d52-3d5f6d0b5d11", "alterId": 0}

    def half(self, place, name, where, inbound, outbound):
        file = place.files / f"v2ray-{name}.json"
        file.write_text(json.dumps({"log": {"loglevel": "none"}, "inbounds": [inbound], "outbounds": [outbound]}))
        return place.start(where, ["v2ray", "-config", file])

    def __call__(self, place):
        server = {"address": place.server, "port": 8090, "users": [dict(self.user, security="aes-128-gcm")]}
        far = self.half(place, "far", place.far,
                        {"listen": place.server, "port": 8090, "protocol": "vmess", "settings": {"clients": [self.user]}},
                        {"protocol": "freedom"})
        near = self.half(place, "near", place.near,
                         {"listen": "127.0.0.1", "port": 1084, "protocol": "socks", "settings": {"auth": "noauth"}},
                         {"protocol": "vmess", "settings": {"vnext": [server]}})
        wait_for(place, f"{place.server}:8090")
        wait_for(place, "127.0.0.1:1084")
        return Chain({"client": near, "server": far}, "127.0.0.1:1084", place.target)


direct.needs = ()

SYSTEMS = {
    "direct": direct,
    "haproxy TLS": Haproxy(),
    "haproxy TLS 256K": Haproxy("tune.bufsize 262144"),
    "ssh -D": Ssh(),
    "microsocks": Microsocks(),
    "shadowsocks": Shadowsocks(),
    "v2ray": V2ray(),
    "mtcp 1 bridge": Mtcp(1),
    "mtcp 4 bridges": Mtcp(4),
    "mtcp 8 bridges": Mtcp(8),
    "mtcp 4 fast open": Mtcp(4, "--fast-open"),
}


def missing(system):
    """The programs that a system needs and this machine has not."""
    return [program for program in system.needs if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")]
