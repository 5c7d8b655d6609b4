// Bytes of a stream that arrive in any order.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "mtcp/core/stream/reorder_buffer.hpp"

namespace mtcp::core::test {
namespace {

std::string read_all(reorder_buffer& buffer) {
  std::string text(buffer.readable(), '\0');
  buffer.read(std::as_writable_bytes(std::span(text)));
  return text;
}

TEST(ReorderBuffer, PutsPiecesInOrderAndDropsCopies) {
  reorder_buffer buffer;
  EXPECT_EQ(buffer.insert(10, slice_at(10, 10)).fresh, 10U);
  EXPECT_EQ(buffer.readable(), 0U);
  EXPECT_EQ(buffer.held(), 10U);
  EXPECT_EQ(buffer.insert(5, slice_at(5, 10)).fresh, 5U);
  const auto filled = buffer.insert(0, slice_at(0, 30));
  EXPECT_EQ(filled.fresh, 15U);
  EXPECT_TRUE(filled.filled_gap);
  EXPECT_EQ(buffer.held(), 0U);
  EXPECT_EQ(buffer.insert(3, slice_at(3, 20)).fresh, 0U);
  EXPECT_EQ(read_all(buffer), pattern(0, 30));
  EXPECT_EQ(buffer.memory(), 0U);
}

TEST(ReorderBuffer, AgreesWithAnArrayForRandomPieces) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    reorder_buffer buffer;
    const std::uint64_t total = 1 + random() % 100'000;
    std::vector<bool> seen(total);
    std::string got;
    while (got.size() < total) {
      // Often from 0 on, so that the first bytes come too.
      const std::uint64_t offset =
          std::max<std::int64_t>(0, static_cast<std::int64_t>(random() % (total + 10'000)) - 10'000);
      const std::size_t size = std::min<std::uint64_t>(1 + random() % 20'000, total - offset);
      std::size_t fresh = 0;
      for (std::size_t i = 0; i < size; ++i) {
        if (!seen[offset + i]) ++fresh;
        seen[offset + i] = true;
      }
      ASSERT_EQ(buffer.insert(offset, slice_at(offset, size)).fresh, fresh) << "seed " << seed;
      if (random() % 3 == 0) got += read_all(buffer);
    }
    ASSERT_EQ(got, pattern(0, total)) << "seed " << seed;
    ASSERT_EQ(buffer.memory(), 0U) << "seed " << seed;
  }
}

TEST(ReorderBuffer, SmallPiecesDoNotPinLargeChunks) {
  reorder_buffer buffer;
  for (std::uint64_t i = 0; i < 100; ++i) {
    buffer.insert(1 + 2 * i, slice(chunk_ref::make(), 0, 1));
  }
  EXPECT_LT(buffer.memory(), 100U * 128);
}

}  // namespace
}  // namespace mtcp::core::test
