// The double-ended queue.
#include <gtest/gtest.h>

#include "mtcp/core/base/ring.hpp"

namespace mtcp::core::test {
namespace {

TEST(Ring, KeepsOrderWhileItWrapsAndGrows) {
  ring<int> r;
  int pushed = 0, popped = 0;
  for (int i = 0; i < 1000; ++i) {
    for (int k = 0; k < i % 7; ++k) r.push_back(pushed++);
    while (r.size() > static_cast<std::size_t>(i % 5)) {
      ASSERT_EQ(r.front(), popped++);
      r.pop_front();
    }
  }
}

}  // namespace
}  // namespace mtcp::core::test
