// Bytes for tests: of a text, and such that tell their offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mtcp/buffer.hpp"

namespace mtcp::core::test {

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string pattern(std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((offset + i) * 2654435761U >> 7);
  return text;
}

inline slice slice_at(std::uint64_t offset, std::size_t size) {
  return slice::copy_of(bytes_of(pattern(offset, size)));
}

}  // namespace mtcp::core::test
