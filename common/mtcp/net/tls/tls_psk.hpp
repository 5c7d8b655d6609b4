// What OpenSSL asks for while a client and a server agree on the key that they share (psk_identity.hpp), and the
// secrets that it hands out.
//
// An identity that fits no key gets a random decoy key: the handshake then fails at the binder, just as it does for a
// client that made up the binder, so that nobody can probe for keys. One that was used on another connection gets it
// too, so that a recording teaches nothing either (replay_memory.hpp). It is remembered once the client has shown that
// it has the key, and before it is answered: whoever has seen an identity pass, and is quicker, cannot spoil it.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <optional>

#include "mtcp/key_ring.hpp"
#include "mtcp/net/tls/psk_identity.hpp"
#include "mtcp/net/tls/replay_memory.hpp"

namespace mtcp {

/// What the callbacks below need of one SSL object, and leave there. Attach it with SSL_set_app_data().
struct psk_exchange {
  key_ring::entry shared;          ///< client: its key, set before. Server: the key that was found, or null
  psk_identity identity;           ///< client: of its key. Server: of the key that was found
  secret_bytes psk;                ///< what TLS begins with, with this key on this connection
  std::chrono::sys_seconds time;   ///< of day
  const key_ring* keys = nullptr;  ///< server only; must live until the handshake ends, as must the decoy
  const secret_bytes* decoy = nullptr;
  replay_memory* seen = nullptr;  ///< server only
  // Server only:
  bool offered = false;      ///< the client has named a key
  bool wrong_clock = false;  ///< the time that it has told is far from ours
  bool let_in = false;       ///< it has shown that it has the key, and has never been here under this name
  /// Secrets of the first records behind the handshake; empty until take_secret() has them.
  std::optional<secret_bytes> client_traffic, server_traffic;
};

/// For SSL_CTX_set_psk_use_session_callback().
int offer_psk(SSL* ssl, const EVP_MD* digest, const unsigned char** identity, std::size_t* size,
              SSL_SESSION** session) noexcept;
/// For SSL_CTX_set_keylog_callback(), the only way by which OpenSSL hands out traffic secrets. Nothing is logged.
void take_secret(const SSL* ssl, const char* line) noexcept;
/// Server: the binder was right, and OpenSSL has an answer. False if it must not be given.
bool may_answer(psk_exchange& exchange);
/// For SSL_CTX_set_psk_find_session_callback().
int find_psk(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) noexcept;

}  // namespace mtcp
