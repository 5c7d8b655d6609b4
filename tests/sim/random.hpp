// Seeded random numbers that are the same with every compiler and standard library: std's distributions are not.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mtcp::sim {

/// One step of splitmix64 (Vigna): spreads a counter or a seed over 64 bits.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

/// xoshiro256** (Blackman, Vigna).
class random {
 public:
  explicit random(std::uint64_t seed) noexcept {
    for (auto& word : state_) word = seed = mix(seed);
  }

  std::uint64_t next() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  /// From 0 up to, not including, `n`, which is not 0.
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  /// Both ends included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept { return low + below(high - low + 1); }
  /// Every octave between the ends is equally likely, so that small values are not rare. `low` is not 0.
  std::uint64_t octaves(std::uint64_t low, std::uint64_t high) noexcept {
    const auto first = static_cast<unsigned>(std::bit_width(low));
    const auto last = static_cast<unsigned>(std::bit_width(high));
    const std::uint64_t value = between(low << below(last - first + 1), (low << below(last - first + 1)) * 2);
    return value > high ? between(low, high) : value < low ? low : value;
  }
  bool chance(double probability) noexcept { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }
  template <class T, std::size_t N>
  const T& pick(const std::array<T, N>& values) noexcept {
    return values[below(N)];
  }
  /// An independent generator, so that what one part draws does not shift what another one does.
  random fork() noexcept { return random(next()); }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace mtcp::sim
