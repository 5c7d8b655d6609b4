#include "mtcp/core/base/prefix_map.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <tuple>

namespace mtcp::core {
namespace {

address_bits bits(std::uint64_t high, std::uint64_t low, unsigned size) {
  return {.high = high, .low = low, .size = size};
}

address_bits four(unsigned a, unsigned b, unsigned c, unsigned d) {
  return bits(std::uint64_t{a} << 56 | std::uint64_t{b} << 48 | std::uint64_t{c} << 40 | std::uint64_t{d} << 32, 0, 32);
}

TEST(AddressBits, AreThoseOfBytes) {
  const unsigned char v4[] = {192, 0, 2, 7};
  const auto a = address_bits::of(std::span<const unsigned char>(v4));
  EXPECT_EQ(a.high, 0xc0000207'00000000U);
  EXPECT_EQ(a.size, 32U);
  const unsigned char v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  const auto b = address_bits::of(std::span<const unsigned char>(v6));
  EXPECT_EQ(b.high, 0x20010db8'00000000U);
  EXPECT_EQ(b.low, 9U);
  EXPECT_TRUE(b.at(2));
  EXPECT_FALSE(b.at(3));
  EXPECT_TRUE(b.at(127));
  EXPECT_EQ(address_bits::common(b, b), 128U);
  EXPECT_EQ(address_bits::common(b, bits(b.high, 8, 128)), 127U);
}

TEST(PrefixMap, TheSmallestBlockCounts) {
  prefix_map<int> map;
  EXPECT_EQ(map.find(four(10, 0, 0, 1)).value, nullptr);
  *map.insert(four(10, 0, 0, 0), 8).first = 1;
  *map.insert(four(10, 1, 0, 0), 16).first = 2;
  *map.insert(four(0, 0, 0, 0), 0).first = 3;
  *map.insert(four(10, 1, 2, 3), 32).first = 4;
  EXPECT_EQ(*map.find(four(10, 9, 9, 9)).value, 1);
  EXPECT_EQ(*map.find(four(10, 1, 9, 9)).value, 2);
  EXPECT_EQ(map.find(four(10, 1, 9, 9)).length, 16U);
  EXPECT_EQ(*map.find(four(11, 0, 0, 0)).value, 3);
  EXPECT_EQ(*map.find(four(10, 1, 2, 3)).value, 4);
  EXPECT_EQ(map.size(), 4U);
}

TEST(PrefixMap, SaysWhatIsNew) {
  prefix_map<int> map;
  EXPECT_TRUE(map.insert(four(10, 0, 0, 0), 9).second);
  EXPECT_TRUE(map.insert(four(10, 128, 0, 0), 9).second);
  EXPECT_TRUE(map.insert(four(10, 0, 0, 0), 8).second) << "it has been a place without a value";
  EXPECT_FALSE(map.insert(four(10, 0, 0, 0), 8).second);
}

TEST(PrefixMap, KeepsTheFamiliesApart) {
  prefix_map<int> map;
  *map.insert(bits(0, 0, 128), 0).first = 6;
  EXPECT_EQ(map.find(four(10, 0, 0, 1)).value, nullptr);
  EXPECT_EQ(*map.find(bits(1, 2, 128)).value, 6);
}

// Few different bits, so that blocks often hold one another.
TEST(PrefixMap, AgreesWithALinearSearch) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto draw = [&random](unsigned size) {
      const auto sparse = [&random] { return random() & random() & random(); };
      address_bits out = bits(sparse(), size == 128 ? sparse() : 0, size);
      if (size == 32) out.high &= 0xffffffff'00000000U;
      return out;
    };
    prefix_map<unsigned> map;
    std::vector<std::tuple<address_bits, unsigned, unsigned>> all;
    for (unsigned i = 0; i < seed % 60; ++i) {
      const unsigned size = random() % 2 == 0 ? 32 : 128;
      const address_bits base = draw(size);
      const auto length = static_cast<unsigned>(random() % (size + 1));
      const auto [value, is_new] = map.insert(base, length);
      if (!is_new) continue;
      *value = i;
      all.emplace_back(base, length, i);
    }
    for (unsigned i = 0; i < 200; ++i) {
      const address_bits wanted = i < all.size() ? std::get<0>(all[i]) : draw(random() % 2 == 0 ? 32 : 128);
      std::optional<unsigned> best, longest;
      for (const auto& [base, length, value] : all)
        if (base.size == wanted.size && address_bits::common(base, wanted) >= length &&
            (!longest || length > *longest)) {
          best = value;
          longest = length;
        }
      const auto found = map.find(wanted);
      ASSERT_EQ(found.value != nullptr, best.has_value()) << "seed " << seed;
      if (!best) continue;
      ASSERT_EQ(*found.value, *best) << "seed " << seed;
      ASSERT_EQ(found.length, *longest);
    }
    std::size_t seen = 0;
    map.each([&](const address_bits&, unsigned, unsigned) { ++seen; });
    EXPECT_EQ(seen, all.size());
  }
}

}  // namespace
}  // namespace mtcp::core
