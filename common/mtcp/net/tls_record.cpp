#include "mtcp/net/tls_record.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <new>
#include <string_view>

namespace mtcp {
namespace {

constexpr std::size_t tag_size = 16;

unsigned char* raw(std::byte* p) noexcept { return reinterpret_cast<unsigned char*>(p); }
const unsigned char* raw(const std::byte* p) noexcept { return reinterpret_cast<const unsigned char*>(p); }

// HKDF-Expand-Label without a context (RFC 8446, section 7.1), for results of one block of SHA-256 at most.
bool expand(const secret_bytes& secret, std::string_view label, std::span<unsigned char> out) noexcept {
  std::array<unsigned char, 32> info{};
  std::size_t used = 0;
  const auto put = [&](std::string_view text) {
    for (const char c : text) info[used++] = static_cast<unsigned char>(c);
  };
  info[used++] = 0;
  info[used++] = static_cast<unsigned char>(out.size());
  info[used++] = static_cast<unsigned char>(6 + label.size());
  put("tls13 ");
  put(label);
  info[used++] = 0;  // no context
  info[used++] = 1;  // the first block (RFC 5869, section 2.3)
  std::array<unsigned char, 32> block{};
  const bool ok = HMAC(EVP_sha256(), secret.bytes().data(), int{secret_bytes::size}, info.data(), used, block.data(),
                       nullptr) != nullptr;
  std::copy_n(block.begin(), out.size(), out.begin());
  OPENSSL_cleanse(block.data(), block.size());
  return ok;
}

// Several calls make one message.
bool update(EVP_CIPHER_CTX* context, unsigned char* out, std::span<const std::byte> in) noexcept {
  int size = 0;
  return in.empty() || EVP_CipherUpdate(context, out, &size, raw(in.data()), static_cast<int>(in.size())) == 1;
}

bool finish(EVP_CIPHER_CTX* context) noexcept {
  unsigned char nothing[tag_size];
  int size = 0;
  return EVP_CipherFinal_ex(context, nothing, &size) == 1;
}

// The version is that of TLS 1.2, for the sake of what is on the way (section 5.1).
void put_header(std::span<std::byte> out, std::size_t body) noexcept {
  out[0] = static_cast<std::byte>(tls_content::data);
  out[1] = out[2] = std::byte{3};
  out[3] = static_cast<std::byte>(body >> 8);
  out[4] = static_cast<std::byte>(body & 0xff);
}

}  // namespace

tls_record_key::tls_record_key(use what, const secret_bytes& traffic_secret, bool chacha20)
    : context_(EVP_CIPHER_CTX_new()), use_(what), chacha20_(chacha20) {
  if (context_ == nullptr || !set_secret(traffic_secret)) throw std::bad_alloc();
}

bool tls_record_key::set_secret(const secret_bytes& secret) {
  std::array<unsigned char, 32> key{};
  const std::size_t key_size = chacha20_ ? 32 : 16;
  const EVP_CIPHER* cipher = chacha20_ ? EVP_chacha20_poly1305() : EVP_aes_128_gcm();
  secret_ = secret;
  records_ = 0;
  const bool ok =
      expand(secret_, "key", std::span(key).first(key_size)) && expand(secret_, "iv", iv_) &&
      EVP_CipherInit_ex(context_.get(), cipher, nullptr, key.data(), iv_.data(), use_ == use::sealing ? 1 : 0) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  return ok;
}

bool tls_record_key::replace() {
  secret_bytes next;
  return expand(secret_, "traffic upd", {raw(next.writable().data()), secret_bytes::size}) && set_secret(next);
}

// The number of the record, in the last 8 bytes (section 5.3).
std::array<unsigned char, tls_record_key::iv_size> tls_record_key::next_nonce() noexcept {
  auto nonce = iv_;
  std::uint64_t number = records_++;
  for (std::size_t i = iv_size; number != 0; number >>= 8) nonce[--i] ^= static_cast<unsigned char>(number & 0xff);
  return nonce;
}

bool tls_record_key::seal(tls_content type, std::span<const std::byte> content, std::span<std::byte> out) noexcept {
  return begin(content.size(), out) && add(content) && end(type);
}

bool tls_record_key::begin(std::size_t size, std::span<std::byte> out) noexcept {
  const auto nonce = next_nonce();
  put_header(out, size + 1 + tag_size);
  next_ = raw(out.data()) + header_size;
  return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
         update(context_.get(), nullptr, out.first(header_size));
}

bool tls_record_key::add(std::span<const std::byte> content) noexcept {
  unsigned char* const to = next_;
  next_ += content.size();
  return update(context_.get(), to, content);
}

bool tls_record_key::end(tls_content type) noexcept {
  const auto type_byte = static_cast<std::byte>(type);
  return add({&type_byte, 1}) && finish(context_.get()) &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, int{tag_size}, next_) == 1;
}

bool tls_record_key::open(std::span<const std::byte, header_size> header, std::span<const std::byte> body,
                          std::span<std::byte> first, std::span<std::byte> second) noexcept {
  EVP_CIPHER_CTX* c = context_.get();
  const auto nonce = next_nonce();
  std::array<unsigned char, tag_size> tag;
  std::copy_n(raw(body.data()) + body.size() - tag_size, tag_size, tag.begin());
  const auto content = body.first(body.size() - tag_size);
  return EVP_CipherInit_ex(c, nullptr, nullptr, nullptr, nonce.data(), -1) == 1 && update(c, nullptr, header) &&
         update(c, raw(first.data()), content.first(first.size())) &&
         update(c, raw(second.data()), content.subspan(first.size())) &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, int{tag_size}, tag.data()) == 1 && finish(c);
}

}  // namespace mtcp
