"""udp.py PROXY_PORT ADDRESS: asks the proxy at 127.0.0.1 for UDP, and sends datagrams to an echo of its own on ADDRESS."""
import socket
import struct
import sys

proxy_port, address = int(sys.argv[1]), sys.argv[2]
limit = 10  # seconds


def udp(host):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(limit)
    made.bind((host, 0))
    return made


echo, application = udp(address), udp('127.0.0.1')
proxy = socket.create_connection(('127.0.0.1', proxy_port), limit)
proxy.sendall(bytes([5, 1, 0]))
assert proxy.recv(2) == bytes([5, 0])
# Where it will send from, as RFC 1928 has it; the engine may send it on from another port.
proxy.sendall(struct.pack('>4B4sH', 5, 3, 0, 1, bytes(4), application.getsockname()[1]))
reply = proxy.recv(10, socket.MSG_WAITALL)
assert reply[:4] == bytes([5, 0, 0, 1]), reply
relay = socket.inet_ntoa(reply[4:8]), struct.unpack('>H', reply[8:])[0]
header = struct.pack('>4B4sH', 0, 0, 0, 1, socket.inet_aton(address), echo.getsockname()[1])
for size in (5, 1200, 30000):
    application.sendto(header + bytes(size), relay)
    asked, source = echo.recvfrom(65535)
    echo.sendto(asked, source)
    assert application.recv(65535) == header + bytes(size), size
print(f'UDP to and fro by way of {relay[0]}:{relay[1]}')
