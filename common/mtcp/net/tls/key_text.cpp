#include "mtcp/net/tls/key_text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <new>

#include "mtcp/net/tls/key_base32.hpp"

namespace mtcp {

namespace {

constexpr std::size_t checksum_size = 4;
using checksum = std::array<std::byte, checksum_size>;

checksum checksum_of(std::string_view name, std::span<const std::byte> bytes) {
  name.remove_suffix(1);
  wiped_array<16 + max_key_bytes> input;
  const auto behind = std::ranges::copy(std::as_bytes(std::span(name)), input.begin()).out;
  const auto end = std::ranges::copy(bytes, behind).out;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const auto size = static_cast<std::size_t>(end - input.begin());
  if (EVP_Digest(input.data(), size, digest.data(), nullptr, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  checksum first{};
  std::ranges::copy(std::as_bytes(std::span(digest)).first<checksum_size>(), first.begin());
  return first;
}

}  // namespace

key_error not_a_key(const std::string& why) { return {key_error::kind::malformed, "not a key: " + why}; }

bool begins_with(std::string_view text, std::string_view name) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return text.size() >= name.size() && std::ranges::equal(text.substr(0, name.size()), name, {}, lower);
}

std::string key_text(std::string_view name, std::span<const std::byte> bytes) {
  wiped_array<max_key_bytes + checksum_size> all;
  const auto behind = std::ranges::copy(bytes, all.begin()).out;
  std::ranges::copy(checksum_of(name, bytes), behind);
  return std::string(name) + base32_encode(std::span(all).first(bytes.size() + checksum_size));
}

void parse_key_text(std::string_view text, std::string_view name, std::span<std::byte> bytes) {
  const std::string kind(name);
  if (!begins_with(text, name)) throw not_a_key("it does not start with " + kind);
  text.remove_prefix(name.size());
  const std::size_t size = base32_size(bytes.size() + checksum_size);
  if (text.size() != size) {
    throw not_a_key("it has " + std::to_string(text.size()) + " characters after " + kind + ", and a key has " +
                    std::to_string(size) + (text.size() < size ? ": cut short?" : ": something follows it?"));
  }
  wiped_array<max_key_bytes + checksum_size> storage;
  const auto all = std::span(storage).first(bytes.size() + checksum_size);
  if (const auto wrong = base32_decode(text, all)) {
    throw not_a_key("character " + std::to_string(*wrong + 1) + " after " + kind + " is wrong (a to z and 2 to 7)");
  }
  std::ranges::copy(all.first(bytes.size()), bytes.begin());
  if (!equal_in_constant_time(all.last(checksum_size), checksum_of(name, bytes))) {
    throw not_a_key("its checksum is wrong: mistyped?");
  }
}

}  // namespace mtcp
