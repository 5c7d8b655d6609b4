#include "mtcp/net/tls/tls_psk.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>

namespace mtcp {

namespace {

psk_exchange& exchange_of(const SSL* ssl) noexcept { return *static_cast<psk_exchange*>(SSL_get_app_data(ssl)); }

bool is_hex(char c) noexcept { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
int hex_value(char c) noexcept { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

// Behind the label of a line of the key log. Empty if it has another shape than our suites give it.
std::optional<secret_bytes> secret_of(std::string_view random_and_secret) {
  constexpr std::size_t digits = 2 * secret_bytes::size;
  if (random_and_secret.size() != digits + 1 + digits || random_and_secret[digits] != ' ') return std::nullopt;
  const std::string_view secret = random_and_secret.substr(digits + 1);
  if (!std::ranges::all_of(secret, is_hex)) return std::nullopt;
  std::optional<secret_bytes> out(std::in_place);
  for (std::size_t i = 0; i < secret_bytes::size; ++i)
    out->writable()[i] = static_cast<std::byte>(hex_value(secret[2 * i]) << 4 | hex_value(secret[2 * i + 1]));
  return out;
}

// OpenSSL wants the key in the shape of a session. Of its cipher suite only the digest counts: SHA-256 in all of ours.
// Null when out of memory.
SSL_SESSION* session_of(SSL* ssl, const secret_bytes& psk) noexcept {
  static constexpr unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
  const auto* secret = reinterpret_cast<const unsigned char*>(psk.bytes().data());
  SSL_SESSION* session = SSL_SESSION_new();
  if (session != nullptr && SSL_SESSION_set1_master_key(session, secret, secret_bytes::size) == 1 &&
      SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, aes_128_gcm_sha256)) == 1 &&
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1) {
    return session;
  }
  SSL_SESSION_free(session);
  return nullptr;
}

}  // namespace

int offer_psk(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* size,
              SSL_SESSION** session) noexcept {
  const psk_exchange& exchange = exchange_of(ssl);
  *session = session_of(ssl, exchange.psk);
  *identity = reinterpret_cast<const unsigned char*>(exchange.identity.data());
  *size = exchange.identity.size();
  return *session != nullptr ? 1 : 0;
}

// LABEL, the client's random number and the secret, the latter two in 64 hexadecimal digits each. A line of any other
// shape is not taken, nor one for which there is no memory, so that the handshake fails for want of a secret.
void take_secret(const SSL* ssl, const char* line) noexcept try {
  std::string_view text(line);
  psk_exchange& exchange = exchange_of(ssl);
  const auto is = [&](std::string_view label) {
    if (!text.starts_with(label)) return false;
    text.remove_prefix(label.size());
    return true;
  };
  if (is("CLIENT_TRAFFIC_SECRET_0 ")) {
    exchange.client_traffic = secret_of(text);
  } else if (is("SERVER_TRAFFIC_SECRET_0 ")) {
    exchange.server_traffic = secret_of(text);
  }
} catch (const std::bad_alloc&) {
}

bool may_answer(psk_exchange& exchange) {
  if (exchange.let_in || !exchange.shared) return true;
  if (exchange.wrong_clock) return false;
  exchange.let_in = exchange.seen->is_new(nonce_of(exchange.identity));
  return exchange.let_in;
}

int find_psk(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) noexcept {
  psk_exchange& exchange = exchange_of(ssl);
  exchange.offered = true;
  try {
    const auto named = std::as_bytes(std::span(identity, size));
    // The second of two first messages on a connection, which a HelloRetryRequest asks for, names the key as the first
    // did.
    const bool again = exchange.let_in && std::ranges::equal(exchange.identity, named);
    const found_key found = find_by_identity(*exchange.keys, named, exchange.time);
    const bool replayed = exchange.seen->knows(nonce_of(named)) && !again;
    exchange.identity.assign(named.begin(), named.end());
    exchange.let_in = again;
    exchange.wrong_clock = found.wrong_clock;
    exchange.shared = replayed ? nullptr : found.key;
    exchange.psk = exchange.shared ? found.psk : *exchange.decoy;
  } catch (const std::exception&) {
    return 0;  // out of memory: ends this handshake
  }
  *session = session_of(ssl, exchange.psk);
  return *session != nullptr ? 1 : 0;
}

}  // namespace mtcp
