// What a stream carries: every byte follows from the stream's seed and its offset, so a sink can check any piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "sim/random.hpp"

namespace mtcp::sim {

namespace detail {

// A length of 8 is by far the most frequent one: where it is tested for, the compiler can do without calling memcpy.
// Calls `use` with each run of at most 8 bytes of the content and its place in the span; stops when it returns false.
template <class Use>
void each_word(std::uint64_t seed, std::uint64_t offset, std::size_t size, Use use) {
  for (std::size_t at = 0; at < size;) {
    const std::uint64_t word = mix(seed ^ ((offset + at) / 8 * 0x9e3779b97f4a7c15));
    const std::size_t skip = (offset + at) % 8;
    const std::size_t length = std::min(8 - skip, size - at);
    if (!use(at, reinterpret_cast<const std::byte*>(&word) + skip, length)) return;
    at += length;
  }
}

}  // namespace detail

inline void fill_content(std::uint64_t seed, std::uint64_t offset, std::span<std::byte> out) {
  detail::each_word(seed, offset, out.size(), [&](std::size_t at, const std::byte* word, std::size_t length) {
    if (length == 8) {
      std::memcpy(out.data() + at, word, 8);
    } else {
      std::memcpy(out.data() + at, word, length);
    }
    return true;
  });
}

/// The number of leading bytes that are right.
inline std::size_t matching_content(std::uint64_t seed, std::uint64_t offset, std::span<const std::byte> in) {
  std::size_t matching = 0;
  detail::each_word(seed, offset, in.size(), [&](std::size_t at, const std::byte* word, std::size_t length) {
    const bool same =
        length == 8 ? std::memcmp(in.data() + at, word, 8) == 0 : std::memcmp(in.data() + at, word, length) == 0;
    if (same) matching = at + length;
    return same;
  });
  return matching;
}

}  // namespace mtcp::sim
