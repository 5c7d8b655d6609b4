// Sets of ids.
#include <gtest/gtest.h>

#include "mtcp/core/base/range_set.hpp"

namespace mtcp::core::test {
namespace {

TEST(RangeSet, JoinsNeighbours) {
  range_set set;
  for (const std::uint64_t value : {5U, 7U, 6U, 1U, 9U}) EXPECT_TRUE(set.insert(value));
  EXPECT_FALSE(set.insert(6));
  EXPECT_TRUE(set.contains(7));
  EXPECT_FALSE(set.contains(8));
  EXPECT_EQ(set.range_count(), 3U);
}

}  // namespace
}  // namespace mtcp::core::test
