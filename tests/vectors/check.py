#!/usr/bin/env python3
"""Makes every test vector of the protocol anew from its fields, with nothing but PROTOCOL.md and Python's own library."""

import base64
import hashlib
import hmac
import json
import sys

HEADER, MAC = 4, 32
FRAMES = {'HELLO': 1, 'WELCOME': 2, 'PATH': 3, 'OPEN': 4, 'OPENED': 5, 'REFUSED': 6, 'DATA': 7, 'FIN': 8, 'RESET': 9,
          'STOP': 10, 'WINDOW': 11, 'ACK': 12, 'PING': 13, 'PONG': 14, 'BRIDGE_CLOSED': 15, 'DATAGRAM': 16,
          'GOAWAY': 17, 'BRIDGE_SUSPECT': 18, 'LISTEN': 19,
          'ACCEPTED': 20, 'unknown': 0x7f}
ONE_BYTE = {'role', 'status'}  # and the direction of a HELLO


def varint(n):
    for size, prefix in (1, 0), (2, 1), (4, 2), (8, 3):
        if n < 1 << 8 * size - 2:
            return (n | prefix << 8 * size - 2).to_bytes(size, 'big')
    raise ValueError(n)


def string(data):
    return varint(len(data)) + data


def hkdf(secret, salt, info):
    extracted = hmac.digest(salt, secret, 'sha256')
    return hmac.digest(extracted, info + b'\1', 'sha256')


def framed(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, 'big') + body


def entries(rows):
    return varint(len(rows)) + b''.join(varint(n) for row in rows for n in row.values())


def extensions(rows):
    listed = b''.join(varint(e['type']) + string(bytes.fromhex(e['value'])) for e in rows)
    return string(listed)


def field_of_greeting(name, value):
    if name == 'lost_bridges':
        return entries(value)
    if name == 'extensions':
        return extensions(value)
    if isinstance(value, str):
        return bytes.fromhex(value)
    return bytes([value]) if name in ONE_BYTE | {'direction'} else varint(value)


def field_of_frame(name, value):
    if name == 'entries':
        return entries(value)
    if name == 'host':
        return string(value.encode())
    return bytes.fromhex(value) if isinstance(value, str) else varint(value)


def check(what, expected, got):
    if expected != got.hex():
        sys.exit(f'{what}: the vector is\n  {expected}\nand PROTOCOL.md gives\n  {got.hex()}')


def check_key(key, identity):
    raw = base64.b32decode(key['text'].removeprefix('mtcp1-').upper() + '=')
    key_id, secret, checksum = raw[:8], raw[8:40], raw[40:]
    check('id', key['id'], key_id)
    check('checksum', checksum.hex(), hashlib.sha256(b'mtcp1' + key_id + secret).digest()[:4])
    for name, info in ('identity_key', b'mtcp1 identity'), ('tls_psk', b'mtcp1 tls psk'), ('mac_key', b'mtcp1 handshake mac'):
        check(name, key[name], hkdf(secret, key_id, info))
    nonce = bytes.fromhex(identity['nonce'])
    check('identity', identity['identity'], nonce + hmac.digest(bytes.fromhex(key['identity_key']), nonce, 'sha256'))


def check_greeting(greeting, mac_key):
    kind = FRAMES[greeting['name'].split(',')[0]]
    body = b''.join(field_of_greeting(*field) for field in greeting['fields'].items())
    frame = framed(kind, body + bytes(MAC))[:-MAC]
    signed = greeting['label'].encode() + bytes.fromhex(greeting['exporter']) + frame
    check(greeting['name'], greeting['frame'], frame + hmac.digest(mac_key, signed, 'sha256'))


def check_frame(vector):
    body = b''.join(field_of_frame(*field) for field in vector['fields'].items())
    check(vector['type'], vector['frame'], framed(FRAMES[vector['type']], body))


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        vectors = json.load(file)
    check_key(vectors['key'], vectors['identity'])
    for greeting in vectors['greetings']:
        check_greeting(greeting, bytes.fromhex(vectors['key']['mac_key']))
    for vector in vectors['frames']:
        check_frame(vector)
    missing = FRAMES.keys() - {v['type'] for v in vectors['frames']} - {g['name'].split(',')[0] for g in vectors['greetings']}
    if missing:
        sys.exit(f'no vector of {", ".join(sorted(missing))}')


if __name__ == '__main__':
    main()
