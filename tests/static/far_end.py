#!/usr/bin/env python3
"""far_end.py FILE: in a network of its own, a name server on 127.0.0.1:53, which knows origin.test only, and there a web
server on port 8000 that answers with FILE. Prints one line once both listen."""
import http.server
import pathlib
import socket
import struct
import sys
import threading

ADDRESS = "127.0.0.7"


def answer(question):
    end = question.index(b"\0", 12) + 5
    name = question[12 : end - 4]
    kind = struct.unpack("!H", question[end - 4 : end - 2])[0]
    known = name.lower() == b"\x06origin\x04test\0"
    has_address = known and kind == 1
    head = question[:2] + struct.pack("!HHHHH", 0x8180 if known else 0x8183, 1, 1 if has_address else 0, 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(ADDRESS) if has_address else b""
    return head + question[12:end] + record


def answer_names(port):
    while True:
        question, who = port.recvfrom(1500)
        port.sendto(answer(question), who)


class Origin(http.server.BaseHTTPRequestHandler):
    content = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_):
        pass


def main():
    Origin.content = pathlib.Path(sys.argv[1]).read_bytes()
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    threading.Thread(target=answer_names, args=(names,), daemon=True).start()
    web = http.server.ThreadingHTTPServer((ADDRESS, 8000), Origin)
    print("listening", flush=True)
    web.serve_forever()


if __name__ == "__main__":
    main()
