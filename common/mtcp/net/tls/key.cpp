#include "mtcp/key.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <new>

#include "mtcp/net/platform/secret_memory.hpp"
#include "mtcp/net/tls/key_base32.hpp"

namespace mtcp {

namespace {

constexpr std::string_view prefix = "mtcp1-";
constexpr std::size_t id_size = sizeof(key_id::bytes);
constexpr std::size_t checksum_size = 4;
constexpr std::size_t checksum_at = id_size + secret_bytes::size;
constexpr std::size_t raw_size = checksum_at + checksum_size;
constexpr std::size_t text_size = base32_size(raw_size);

unsigned char* raw(std::byte* p) noexcept { return reinterpret_cast<unsigned char*>(p); }
const unsigned char* raw(const std::byte* p) noexcept { return reinterpret_cast<const unsigned char*>(p); }

// The decoded form of a key, wiped when it goes.
struct raw_key {
  std::array<std::byte, raw_size> bytes{};
  ~raw_key() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

  auto id() noexcept { return std::span(bytes).first<id_size>(); }
  auto secret() noexcept { return std::span(bytes).subspan<id_size, secret_bytes::size>(); }
  auto checksum() noexcept { return std::span(bytes).last<checksum_size>(); }

  // "mtcp1" is part of it, so that the string of a later version of keys never passes for one of this version.
  std::array<std::byte, checksum_size> computed_checksum() const {
    std::array<std::byte, 5 + checksum_at> input{};
    std::copy_n(reinterpret_cast<const std::byte*>(prefix.data()), 5, input.begin());
    std::copy_n(bytes.begin(), checksum_at, input.begin() + 5);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    const int ok = EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_cleanse(input.data(), input.size());
    if (ok != 1) throw std::bad_alloc();
    std::array<std::byte, checksum_size> first{};
    std::transform(digest.begin(), digest.begin() + checksum_size, first.begin(),
                   [](unsigned char c) { return std::byte{c}; });
    return first;
  }
};

key_error malformed(const std::string& why) { return {key_error::kind::malformed, "not a key: " + why}; }

// HKDF-SHA256; `purpose` tells the subkeys of one secret apart.
secret_bytes derive(const secret_bytes& from, const key_id& salt, std::string_view purpose) {
  struct free_kdf {
    void operator()(EVP_KDF* p) const { EVP_KDF_free(p); }
    void operator()(EVP_KDF_CTX* p) const { EVP_KDF_CTX_free(p); }
  };
  const std::unique_ptr<EVP_KDF, free_kdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, free_kdf> context(EVP_KDF_CTX_new(kdf.get()));
  char digest[] = "SHA256";
  const auto octets = [](const char* name, const void* data, std::size_t size) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(data), size);
  };
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, from.bytes().data(), secret_bytes::size),
      octets(OSSL_KDF_PARAM_SALT, salt.bytes.data(), salt.bytes.size()),
      octets(OSSL_KDF_PARAM_INFO, purpose.data(), purpose.size()),
      OSSL_PARAM_construct_end(),
  };
  secret_bytes out;
  if (context == nullptr ||
      EVP_KDF_derive(context.get(), raw(out.writable().data()), secret_bytes::size, parameters) != 1) {
    throw std::runtime_error("OpenSSL cannot compute HKDF-SHA256");
  }
  return out;
}

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

key::key(const key_id& id, const secret_bytes& secret)
    : id_(id),
      secret_(secret),
      identity_key_(derive(secret, id, "mtcp1 identity")),
      tls_psk_(derive(secret, id, "mtcp1 tls psk")),
      mac_key_(derive(secret, id, "mtcp1 handshake mac")) {}

key key::generate() {
  key_id id;
  secret_bytes secret;
  random_fill(id.bytes);
  random_fill(secret.writable());
  return key(id, secret);
}

key key::parse(std::string_view text) {
  if (!text.starts_with(prefix)) throw malformed("it does not start with mtcp1-");
  text.remove_prefix(prefix.size());
  if (text.size() != text_size) {
    throw malformed("it has " + std::to_string(text.size()) + " characters after mtcp1-, and a key has " +
                    std::to_string(text_size) + (text.size() < text_size ? ": cut short?" : ": something follows it?"));
  }
  raw_key decoded;
  if (const auto wrong = base32_decode(text, decoded.bytes)) {
    throw malformed("character " + std::to_string(*wrong + 1) + " after mtcp1- is wrong (a to z and 2 to 7)");
  }
  const auto expected = decoded.computed_checksum();
  if (!equal_in_constant_time(decoded.checksum(), expected)) throw malformed("its checksum is wrong: mistyped?");

  key_id id;
  secret_bytes secret;
  std::ranges::copy(decoded.id(), id.bytes.begin());
  std::ranges::copy(decoded.secret(), secret.writable().begin());
  return key(id, secret);
}

std::string key::to_string() const {
  raw_key plain;
  std::ranges::copy(id_.bytes, plain.id().begin());
  std::ranges::copy(secret_.bytes(), plain.secret().begin());
  std::ranges::copy(plain.computed_checksum(), plain.checksum().begin());
  return std::string(prefix) + base32_encode(plain.bytes);
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
