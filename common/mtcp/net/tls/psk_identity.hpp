// How a client names its key to the server, and what key the two then have TLS begin with (RFC 8446, section 4.2.11).
// The name travels in clear, so it must not tell who the user is, and no two are alike.
//
// Version 1: a fresh nonce and an HMAC of it, which the server tries with each of its keys.
//
//   identity = nonce (16 bytes) || HMAC-SHA256(identity key, nonce)
//   pre-shared key = the key's
//
// Version 2: the id of the key and the time, for the server's eyes only. What only the server can compute goes into the
// pre-shared key, too (as in Noise's pattern IK, https://noiseprotocol.org/noise.html).
//
//   agreed = X25519(ephemeral private key, server public key); both = ephemeral public key || server public key
//   name key = HKDF-SHA256(agreed, salt = both, "mtcp2 identity")
//   name = key id (8 bytes) || seconds since 1970 (8 bytes)
//   identity = ephemeral public key (32 bytes) || ChaCha20-Poly1305(name key, nonce 0, name)
//   pre-shared key = HKDF-SHA256(agreed || key's, salt = both, "mtcp2 connection psk")
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "mtcp/key_ring.hpp"

namespace mtcp {

using psk_identity = std::vector<std::byte>;

/// Clocks of client and server may differ by so much. It is what a summer time that one of them does not know makes,
/// and as much again.
inline constexpr std::chrono::seconds max_clock_difference = std::chrono::hours(2);

/// False for a key whose server there cannot be: anybody could find out what is agreed on with its public key.
bool names_a_server(const key& one);

struct named_key {
  psk_identity identity;
  secret_bytes psk;
};
/// A new name for this key.
named_key name_key(const key& of, std::chrono::sys_seconds now);
/// The same with this ephemeral private key (version 2), or a nonce from its front (version 1): for test vectors.
named_key name_key(const key& of, std::chrono::sys_seconds now, const secret_bytes& ephemeral);

struct found_key {
  key_ring::entry key;  ///< null if there is none
  secret_bytes psk;
  /// The time in the name is far from ours: whoever shows that he has the key must not be let in.
  bool wrong_clock = false;
};
/// Takes the same time whichever key of version 1 it is, and for those of version 2 however many there are, and whether
/// there is one.
found_key find_by_identity(const key_ring& keys, std::span<const std::byte> identity, std::chrono::sys_seconds now);
/// What is different each time.
std::span<const std::byte> nonce_of(std::span<const std::byte> identity) noexcept;

}  // namespace mtcp
