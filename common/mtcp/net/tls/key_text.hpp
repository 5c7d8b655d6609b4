// What keys look like as text: a name that tells what kind they are, and base32 of their bytes and of a checksum.
//
//   NAME-<base32 of bytes || the first 4 bytes of SHA-256(NAME || bytes)>
//
// The name is part of the checksum, so that the string of one kind never passes for one of another.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "mtcp/key.hpp"

namespace mtcp {

/// The error for a text that is none: `why` holds no part of it.
key_error not_a_key(const std::string& why);

/// Bytes that are wiped when they go.
template <std::size_t Size>
struct wiped_array : std::array<std::byte, Size> {
  wiped_array() : std::array<std::byte, Size>{} {}
  wiped_array(const wiped_array&) = delete;
  wiped_array& operator=(const wiped_array&) = delete;
  ~wiped_array() { OPENSSL_cleanse(this->data(), Size); }
};

/// Whether the text begins so, in letters of either case.
bool begins_with(std::string_view text, std::string_view name) noexcept;

/// At most max_key_bytes of them.
inline constexpr std::size_t max_key_bytes = 96;

/// `name` ends in a hyphen, here and below, which is no part of what the checksum is of.
std::string key_text(std::string_view name, std::span<const std::byte> bytes);
/// Fills `bytes`. Throws key_error, which says what is wrong with the text and holds no part of it.
void parse_key_text(std::string_view text, std::string_view name, std::span<std::byte> bytes);

}  // namespace mtcp
