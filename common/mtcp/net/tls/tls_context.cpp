#include "mtcp/net/tls/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <stdexcept>

#include "mtcp/net/tls/tls_context_state.hpp"
#include "mtcp/net/tls/tls_psk.hpp"

namespace mtcp {

namespace {

bool has_aes_hardware() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__) && defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#elif defined(__aarch64__) && defined(__APPLE__)
  return true;
#else
  return false;
#endif
}

// Only suites with SHA-256, since that is the digest of our keys. The server honours a client that puts ChaCha20 first.
const char* cipher_list(tls_options::cipher preferred) noexcept {
  const bool aes_first = preferred == tls_options::cipher::by_hardware ? has_aes_hardware()
                                                                       : preferred == tls_options::cipher::aes_128_gcm;
  return aes_first ? "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
                   : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
}

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL cannot be set up: TLS 1.3, X25519 or the cipher suites are missing");
}

// The first one withstands quantum computers even if the pre-shared key leaks (draft-ietf-tls-ecdhe-mlkem). OpenSSL has
// it since 3.5. A client sends a share of both, lest a server that knows the second one only has to ask for it.
void set_groups(SSL_CTX* ssl) {
  if (SSL_CTX_set1_groups_list(ssl, "*X25519MLKEM768:*X25519") == 1) return;
  ERR_clear_error();
  require(SSL_CTX_set1_groups_list(ssl, "X25519") == 1);
}

void configure(SSL_CTX* ssl, const tls_options& options) {
  require(SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1);
  require(SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1);
  require(SSL_CTX_set_ciphersuites(ssl, cipher_list(options.preferred)) == 1);
  set_groups(ssl);
  SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_clear_options(ssl, SSL_OP_ALLOW_NO_DHE_KEX);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(ssl, 0);  // otherwise it would read records behind the handshake, which are for us
  // An idle connection holds no record buffers (2 x 17 KiB).
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  require(SSL_CTX_set_num_tickets(ssl, 0) == 1);
  require(SSL_CTX_set_max_early_data(ssl, 0) == 1);
  require(SSL_CTX_set_recv_max_early_data(ssl, 0) == 1);
  SSL_CTX_set_keylog_callback(ssl, &take_secret);
}

std::shared_ptr<tls_context::state> make_state(const SSL_METHOD* method, const tls_options& options) {
  auto made = std::make_shared<tls_context::state>();
  made->ssl.reset(SSL_CTX_new(method));
  made->options = options;
  require(made->ssl != nullptr);
  configure(made->ssl.get(), options);
  return made;
}

}  // namespace

tls_context tls_context::client(const tls_options& options) {
  auto made = make_state(TLS_client_method(), options);
  SSL_CTX_set_psk_use_session_callback(made->ssl.get(), &offer_psk);
  // The store of trusted certificates is empty, so that a server that offers one instead of the key fails.
  SSL_CTX_set_verify(made->ssl.get(), SSL_VERIFY_PEER, nullptr);
  return tls_context(std::move(made));
}

tls_context tls_context::server(key_ring keys, const tls_options& options, std::shared_ptr<replay_memory> seen) {
  auto made = make_state(TLS_server_method(), options);
  made->server = true;
  made->keys = std::move(keys);
  made->seen = seen ? std::move(seen) : std::make_shared<replay_memory>();
  random_fill(made->decoy.writable());
  SSL_CTX_set_psk_find_session_callback(made->ssl.get(), &find_psk);
  return tls_context(std::move(made));
}

}  // namespace mtcp
