// How the two ends of a TLS connection name and find the key that they share (RFC 8446, section 4.2.11).
//
// A PSK identity travels in clear, so it must not tell who the user is: it is a fresh nonce and an HMAC of it, which
// the server tries with each of its keys.
//
//   identity = nonce (16 bytes) || HMAC-SHA256(identity key, nonce)
//
// An identity that fits no key gets a random decoy key: the handshake then fails at the binder, just as it does for a
// client that made up the binder, so that nobody can probe for keys. One that was used on another connection gets it
// too, so that a recording teaches nothing either (replay_memory.hpp).
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "mtcp/key_ring.hpp"
#include "mtcp/net/tls/replay_memory.hpp"

namespace mtcp {

using psk_identity = std::array<std::byte, 48>;

psk_identity make_psk_identity(const key& of);
/// Null if no key fits. Takes the same time whichever key it is.
key_ring::entry find_by_identity(const key_ring& keys, std::span<const std::byte> identity);

/// What the callbacks below need of one SSL object, and leave there. Attach it with SSL_set_app_data().
struct psk_exchange {
  key_ring::entry shared;          ///< client: its key, set before. Server: the key that was found, or null
  psk_identity identity{};         ///< client: of its key. Server: of the key that was found
  const key_ring* keys = nullptr;  ///< server only; must live until the handshake ends, as must the decoy
  const secret_bytes* decoy = nullptr;
  replay_memory* seen = nullptr;  ///< server only
  bool offered = false;           ///< server only: the client has named a key
  /// Secrets of the first records behind the handshake; empty until take_secret() has them.
  std::optional<secret_bytes> client_traffic, server_traffic;
};

/// For SSL_CTX_set_psk_use_session_callback().
int offer_psk(SSL* ssl, const EVP_MD* digest, const unsigned char** identity, std::size_t* size,
              SSL_SESSION** session) noexcept;
/// For SSL_CTX_set_keylog_callback(), the only way by which OpenSSL hands out traffic secrets. Nothing is logged.
void take_secret(const SSL* ssl, const char* line) noexcept;
/// For SSL_CTX_set_psk_find_session_callback().
int find_psk(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) noexcept;

}  // namespace mtcp
