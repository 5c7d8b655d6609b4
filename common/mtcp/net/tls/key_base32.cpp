#include "mtcp/net/tls/key_base32.hpp"

#include <cassert>
#include <cstdint>

namespace mtcp {

namespace {

// -1 for a character outside the alphabet.
int digit_value(char c) noexcept {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= '2' && c <= '7') return c - '2' + 26;
  return -1;
}

}  // namespace

std::string base32_encode(std::span<const std::byte> bytes) {
  static constexpr char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  text.reserve(base32_size(bytes.size()));
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::byte b : bytes) {
    bits = bits << 8 | std::to_integer<std::uint32_t>(b);
    for (count += 8; count >= 5; count -= 5) text += alphabet[bits >> (count - 5) & 31];
  }
  if (count > 0) text += alphabet[bits << (5 - count) & 31];
  return text;
}

std::optional<std::size_t> base32_decode(std::string_view text, std::span<std::byte> out) {
  assert(text.size() == base32_size(out.size()));
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = digit_value(text[i]);
    if (value < 0) return i;
    bits = bits << 5 | static_cast<std::uint32_t>(value);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    out[filled++] = static_cast<std::byte>(bits >> count & 0xff);
  }
  if ((bits & ((1U << count) - 1)) != 0) return text.size() - 1;
  return std::nullopt;
}

}  // namespace mtcp
