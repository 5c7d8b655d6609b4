// Base32 (RFC 4648, section 6) in lower case and without padding: what a key looks like. A double click selects all of
// it, and it survives being read aloud.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mtcp {

/// Characters that `bytes` bytes take.
constexpr std::size_t base32_size(std::size_t bytes) noexcept { return (bytes * 8 + 4) / 5; }

std::string base32_encode(std::span<const std::byte> bytes);

/// Fills `out` from exactly base32_size(out.size()) characters of either case. Returns the position of the first
/// character that is wrong (for the last one also: has bits that must be zero), or nothing on success.
std::optional<std::size_t> base32_decode(std::string_view text, std::span<std::byte> out);

}  // namespace mtcp
