#include "mtcp/key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <new>

#include "mtcp/net/platform/secret_memory.hpp"
#include "mtcp/net/tls/hkdf.hpp"
#include "mtcp/net/tls/key_text.hpp"
#include "mtcp/server_identity.hpp"

namespace mtcp {

namespace {

constexpr std::string_view first_version = "mtcp1-";
constexpr std::string_view second_version = "mtcp2-";

// What is in the text of a key, in this order; the public key in version 2 only.
constexpr std::size_t id_size = sizeof(key_id::bytes);
constexpr std::size_t secret_at = id_size;
constexpr std::size_t server_at = secret_at + secret_bytes::size;
constexpr std::size_t full_size = server_at + std::tuple_size_v<server_public_key>;

struct parts {
  wiped_array<full_size> bytes;
  bool has_server = false;

  auto id() noexcept { return std::span(bytes).first<id_size>(); }
  auto secret() noexcept { return std::span(bytes).subspan<secret_at, secret_bytes::size>(); }
  auto server() noexcept { return std::span(bytes).subspan<server_at>(); }
  auto written() noexcept { return std::span(bytes).first(has_server ? full_size : server_at); }
  std::string_view name() const noexcept { return has_server ? second_version : first_version; }
};

struct fresh {
  key_id id;
  secret_bytes secret;
  fresh() {
    random_fill(id.bytes);
    random_fill(secret.writable());
  }
};

unsigned char* raw(std::byte* p) noexcept { return reinterpret_cast<unsigned char*>(p); }
const unsigned char* raw(const std::byte* p) noexcept { return reinterpret_cast<const unsigned char*>(p); }

}  // namespace

secret_bytes::secret_bytes() : bytes_(static_cast<std::byte*>(platform::allocate_secret(size))) {
  if (bytes_ == nullptr) throw std::bad_alloc();
  std::fill_n(bytes_, size, std::byte{0});
}

secret_bytes::secret_bytes(const secret_bytes& other) : secret_bytes() { *this = other; }

secret_bytes& secret_bytes::operator=(const secret_bytes& other) noexcept {
  if (this != &other) std::copy_n(other.bytes_, size, bytes_);
  return *this;
}

secret_bytes::~secret_bytes() {
  OPENSSL_cleanse(bytes_, size);
  platform::release_secret(bytes_, size);
}

bool operator==(const secret_bytes& a, const secret_bytes& b) noexcept {
  return equal_in_constant_time(a.bytes(), b.bytes());
}

std::string to_string(const key_id& id) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte b : id.bytes) {
    text += digits[std::to_integer<unsigned>(b >> 4)];
    text += digits[std::to_integer<unsigned>(b & std::byte{15})];
  }
  return text;
}

key::key(const key_id& id, const secret_bytes& secret, const std::optional<server_public_key>& server)
    : id_(id), secret_(secret), server_(server) {
  if (!server) identity_key_ = derive("mtcp1 identity");
}

secret_bytes key::derive(std::string_view purpose) const { return hkdf_sha256(secret_.bytes(), id_.bytes, purpose); }
secret_bytes key::tls_psk() const { return derive(server_ ? "mtcp2 tls psk" : "mtcp1 tls psk"); }
secret_bytes key::mac_key() const { return derive(server_ ? "mtcp2 handshake mac" : "mtcp1 handshake mac"); }

key key::generate() {
  const fresh made;
  return {made.id, made.secret, std::nullopt};
}

key key::generate(const server_public_key& server) {
  const fresh made;
  return {made.id, made.secret, server};
}

key key::parse(std::string_view text) {
  if (server_identity::is_meant_by(text)) throw not_a_key("it is what a server is known by, which stays at the server");
  parts found;
  found.has_server = begins_with(text, second_version);
  if (!found.has_server && !begins_with(text, first_version))
    throw not_a_key("it does not start with mtcp1- or mtcp2-");
  parse_key_text(text, found.name(), found.written());

  key_id id;
  secret_bytes secret;
  std::optional<server_public_key> server;
  std::ranges::copy(found.id(), id.bytes.begin());
  std::ranges::copy(found.secret(), secret.writable().begin());
  if (found.has_server) std::ranges::copy(found.server(), server.emplace().begin());
  return {id, secret, server};
}

std::string key::to_string() const {
  parts all;
  all.has_server = server_.has_value();
  std::ranges::copy(id_.bytes, all.id().begin());
  std::ranges::copy(secret_.bytes(), all.secret().begin());
  if (server_) std::ranges::copy(*server_, all.server().begin());
  return key_text(all.name(), all.written());
}

mac_bytes hmac(const secret_bytes& secret, std::span<const std::byte> message) {
  mac_bytes out;
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.bytes().data(), int{secret_bytes::size}, raw(message.data()), message.size(),
           raw(out.data()), &size) == nullptr) {
    throw std::bad_alloc();
  }
  return out;
}

bool equal_in_constant_time(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void random_fill(std::span<std::byte> out) {
  if (RAND_bytes(raw(out.data()), static_cast<int>(out.size())) != 1) {
    throw std::runtime_error("the system has no randomness");
  }
}

}  // namespace mtcp
