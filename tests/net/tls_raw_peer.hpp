// A peer that speaks TLS in ways that ours never does: OpenSSL without our code around it.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "mtcp/net/tls/psk_identity.hpp"
#include "net/tls_fixture.hpp"

namespace mtcp::testing {

struct free_ssl {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
using context_ptr = std::unique_ptr<SSL_CTX, free_ssl>;

/// A self-signed certificate and its key, put into `context`.
inline void add_certificate(SSL_CTX* context) {
  const std::unique_ptr<EVP_PKEY, free_ssl> pair(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, free_ssl> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), pair.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), pair.get(), EVP_sha256()) == 0 ||
      SSL_CTX_use_certificate(context, certificate.get()) != 1 || SSL_CTX_use_PrivateKey(context, pair.get()) != 1) {
    throw std::runtime_error("no certificate");
  }
}

class raw_peer {
 public:
  /// With an own context, as the test made it.
  raw_peer(context_ptr context, bool server) : context_(std::move(context)), ssl_(SSL_new(context_.get())) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (server) {
      SSL_set_accept_state(ssl_.get());
    } else {
      SSL_set_connect_state(ssl_.get());
    }
    SSL_set_app_data(ssl_.get(), this);
  }
  SSL* ssl() { return ssl_.get(); }

  /// True once the handshake is complete.
  bool handshake() { return SSL_do_handshake(ssl_.get()) == 1; }
  void feed(std::span<const std::byte> bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::vector<std::byte> output() {
    std::vector<std::byte> out(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())));
    if (!out.empty()) BIO_read(SSL_get_wbio(ssl_.get()), out.data(), static_cast<int>(out.size()));
    return out;
  }

  /// What a client offers as its pre-shared key, if its context asks for it.
  std::vector<std::byte> identity;
  secret_bytes psk;

  static int offer(SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* size, SSL_SESSION** session) {
    auto* self = static_cast<raw_peer*>(SSL_get_app_data(ssl));
    static constexpr unsigned char suite[] = {0x13, 0x01};
    *session = SSL_SESSION_new();
    SSL_SESSION_set1_master_key(*session, reinterpret_cast<const unsigned char*>(self->psk.bytes().data()), 32);
    SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite));
    SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
    *id = reinterpret_cast<const unsigned char*>(self->identity.data());
    *size = self->identity.size();
    return 1;
  }

 private:
  context_ptr context_;
  std::unique_ptr<SSL, free_ssl> ssl_;
};

inline std::unique_ptr<raw_peer> raw_client() {
  return std::make_unique<raw_peer>(context_ptr(SSL_CTX_new(TLS_client_method())), false);
}

/// A client that offers `psk` under `identity`.
inline std::unique_ptr<raw_peer> raw_psk_client(std::span<const std::byte> identity, const secret_bytes& psk) {
  context_ptr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_psk_use_session_callback(context.get(), &raw_peer::offer);
  auto peer = std::make_unique<raw_peer>(std::move(context), false);
  peer->identity.assign(identity.begin(), identity.end());
  peer->psk = psk;
  return peer;
}

/// A client that holds this key.
inline std::unique_ptr<raw_peer> raw_client_of(const key& own) {
  const named_key named = name_key(own, today());
  return raw_psk_client(named.identity, named.psk);
}

/// Runs the handshake over a socket. True if it completed; else what the other side sent and how it ended is in `end`.
inline task<bool> shake_hands(raw_peer& peer, tcp::socket& socket, raw_end& end) {
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    const bool done = peer.handshake();
    const auto out = peer.output();
    const auto bytes = asio::buffer(out);
    if (!out.empty()) co_await asio::async_write(socket, bytes, use_result);
    if (done) co_return true;
    const auto into = asio::buffer(buffer);
    auto [error, size] = co_await socket.async_read_some(into, use_result);
    end.bytes.insert(end.bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    end.error = error;
    if (error) co_return false;
    peer.feed(std::span(buffer).first(size));
  }
}

}  // namespace mtcp::testing
