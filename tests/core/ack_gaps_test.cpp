// From one acknowledgement to the next.
#include <gtest/gtest.h>

#include "mtcp/core/bridge/ack_gaps.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(AckGaps, FollowWhatIsUsual) {
  ack_gaps gaps;
  timestamp now = 1s;
  for (int i = 0; i < 100; ++i) gaps.on_ack(5ms, now += 2ms);
  EXPECT_NEAR(static_cast<double>(gaps.usual() / 1us), 2250, 10);
  for (int i = 0; i < 100; ++i) gaps.on_ack(5ms, now += 1s);
  EXPECT_NEAR(static_cast<double>(gaps.usual() / 1us), 5625, 10) << "pauses are none";
}

}  // namespace
}  // namespace mtcp::core::test
