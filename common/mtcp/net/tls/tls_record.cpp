#include "mtcp/net/tls/tls_record.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>
#include <utility>

namespace mtcp {
namespace {

constexpr std::size_t tag_size = record_cipher::tag_size;

// HKDF-Expand-Label without a context (RFC 8446, section 7.1), for results of one block of SHA-256 at most.
bool expand(const secret_bytes& secret, std::string_view label, std::span<std::byte> out) noexcept {
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
  std::ranges::copy(std::as_bytes(std::span(block).first(out.size())), out.begin());
  OPENSSL_cleanse(block.data(), block.size());
  return ok;
}

// The version is that of TLS 1.2, for the sake of what is on the way (section 5.1).
void put_header(std::span<std::byte> out, std::size_t body) noexcept {
  out[0] = static_cast<std::byte>(tls_content::data);
  out[1] = out[2] = std::byte{3};
  out[3] = static_cast<std::byte>(body >> 8);
  out[4] = static_cast<std::byte>(body & 0xff);
}

}  // namespace

tls_record_key::tls_record_key(use what, const secret_bytes& traffic_secret, suite which) : use_(what), suite_(which) {
  if (!set_secret(traffic_secret)) throw std::bad_alloc();
}

tls_record_key::~tls_record_key() { OPENSSL_cleanse(iv_.data(), iv_.size()); }

bool tls_record_key::set_secret(const secret_bytes& secret) {
  secret_ = secret;
  records_ = 0;
  secret_bytes whole;  // for its wiping
  const auto key = std::span<std::byte>(whole.writable()).first(record_cipher::key_size(suite_));
  if (!expand(secret_, "key", key) || !expand(secret_, "iv", iv_)) return false;
  cipher_ = record_cipher::make(suite_, use_, key);
  return cipher_ != nullptr;
}

bool tls_record_key::replace() {
  secret_bytes next;
  return expand(secret_, "traffic upd", next.writable()) && set_secret(next);
}

// The number of the record, in the last 8 bytes (section 5.3).
record_cipher::nonce tls_record_key::next_nonce() noexcept {
  auto nonce = iv_;
  std::uint64_t number = records_++;
  for (std::size_t i = nonce.size(); number != 0; number >>= 8) nonce[--i] ^= static_cast<std::byte>(number & 0xff);
  return nonce;
}

bool tls_record_key::seal(tls_content type, std::span<const std::byte> content, std::span<std::byte> out) noexcept {
  return begin(content.size(), out) && add(content) && end(type);
}

bool tls_record_key::begin(std::size_t size, std::span<std::byte> out, std::size_t padding) noexcept {
  put_header(out, size + 1 + padding + tag_size);
  next_ = out.data() + header_size;
  return cipher_->begin(next_nonce(), out.first(header_size));
}

bool tls_record_key::add(std::span<const std::byte> content) noexcept {
  return cipher_->update(content, std::exchange(next_, next_ + content.size()));
}

bool tls_record_key::end(tls_content type, std::size_t padding) noexcept {
  std::array<std::byte, 1 + max_padding> behind{};
  behind.front() = static_cast<std::byte>(type);
  return add(std::span(behind).first(1 + padding)) && cipher_->finish(std::span<std::byte, tag_size>(next_, tag_size));
}

bool tls_record_key::open(std::span<const std::byte, header_size> header, std::span<const std::byte> body,
                          std::span<std::byte> first, std::span<std::byte> second) noexcept {
  const auto content = body.first(body.size() - tag_size);
  return cipher_->begin(next_nonce(), header) && cipher_->update(content.first(first.size()), first.data()) &&
         cipher_->update(content.subspan(first.size()), second.data()) && cipher_->verify(body.last<tag_size>());
}

}  // namespace mtcp
