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


def x25519(scalar, u):
    """RFC 7748, section 5."""
    p = 2**255 - 19
    k = int.from_bytes(scalar, 'little') & ~7 & ~(1 << 255) | 1 << 254
    x1 = int.from_bytes(u, 'little') % (1 << 255)
    x2, z2, x3, z3, swapped = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swapped ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb)**2 % p, x1 * (da - cb)**2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, 'little')


def chacha20(key, counter, nonce):
    """A block of RFC 8439, section 2.3."""
    words = [int.from_bytes(b'expand 32-byte k'[i:i + 4], 'little') for i in range(0, 16, 4)]
    words += [int.from_bytes(key[i:i + 4], 'little') for i in range(0, 32, 4)]
    words += [counter] + [int.from_bytes(nonce[i:i + 4], 'little') for i in range(0, 12, 4)]
    s = list(words)
    for _ in range(10):
        for column in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                       (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            a, b, c, d = column
            for x, y, z, turn in (a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7):
                s[x] = s[x] + s[y] & 0xffffffff
                s[z] ^= s[x]
                s[z] = (s[z] << turn | s[z] >> 32 - turn) & 0xffffffff
    return b''.join((x + y & 0xffffffff).to_bytes(4, 'little') for x, y in zip(s, words))


def seal(key, plain):
    """ChaCha20-Poly1305 of one block without additional data under nonce 0 (RFC 8439, section 2.8)."""
    nonce = bytes(12)
    sealed = bytes(x ^ y for x, y in zip(plain, chacha20(key, 1, nonce)))
    one_time = chacha20(key, 0, nonce)
    r = int.from_bytes(one_time[:16], 'little') & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for block in sealed, bytes(8) + len(sealed).to_bytes(8, 'little'):
        total = (total + int.from_bytes(block + b'\1', 'little')) * r % (2**130 - 5)
    return sealed + (total + int.from_bytes(one_time[16:32], 'little') & (1 << 128) - 1).to_bytes(16, 'little')


def check_version_2(v):
    raw = base64.b32decode(v['text'].removeprefix('mtcp2-').upper() + '======')
    key_id, secret, server, checksum = raw[:8], raw[8:40], raw[40:72], raw[72:]
    check('id', v['id'], key_id)
    check('server', v['server_public_key'], server)
    check('checksum', checksum.hex(), hashlib.sha256(b'mtcp2' + raw[:72]).digest()[:4])
    for name, info in ('tls_psk', b'mtcp2 tls psk'), ('mac_key', b'mtcp2 handshake mac'):
        check(name, v[name], hkdf(secret, key_id, info))
    raw = base64.b32decode(v['server_text'].removeprefix('mtcp2-server-').upper() + '======')
    check('server, private', v['server_private_key'], raw[:32])
    check('server, checksum', raw[32:].hex(), hashlib.sha256(b'mtcp2-server' + raw[:32]).digest()[:4])
    base_point = bytes([9]) + bytes(31)
    check('server, public', v['server_public_key'], x25519(raw[:32], base_point))
    ephemeral = bytes.fromhex(v['ephemeral_private_key'])
    public = x25519(ephemeral, base_point)
    agreed, both = x25519(ephemeral, server), public + server
    name = key_id + v['time'].to_bytes(8, 'big')
    check('identity', v['identity'], public + seal(hkdf(agreed, both, b'mtcp2 identity'), name))
    check('connection psk', v['connection_psk'], hkdf(agreed + bytes.fromhex(v['tls_psk']), both, b'mtcp2 connection psk'))


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
    check_version_2(vectors['version_2'])
    for greeting in vectors['greetings']:
        check_greeting(greeting, bytes.fromhex(vectors['key']['mac_key']))
    for vector in vectors['frames']:
        check_frame(vector)
    missing = FRAMES.keys() - {v['type'] for v in vectors['frames']} - {g['name'].split(',')[0] for g in vectors['greetings']}
    if missing:
        sys.exit(f'no vector of {", ".join(sorted(missing))}')


if __name__ == '__main__':
    main()
