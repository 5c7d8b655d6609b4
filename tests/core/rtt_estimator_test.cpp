// Round trips of a bridge.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/rtt_estimator.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(RttEstimator, HasNoTimesBeforeSomethingIsMeasured) {
  const rtt_estimator rtt;
  EXPECT_FALSE(rtt.known());
  EXPECT_EQ(rtt.minimum(), 0ms);
  EXPECT_EQ(rtt.long_minimum(), 0ms);
}

TEST(RttEstimator, ForgetsAnOldMinimum) {
  rtt_estimator rtt;
  rtt.sample(10ms, 1s);
  for (int i = 2; i < 9; ++i) rtt.sample(50ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 10ms);
  for (int i = 9; i < 20; ++i) rtt.sample(50ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 50ms);
}

// A transfer that goes on keeps a queue of some ms.
TEST(RttEstimator, RemembersForLongerWhatThePathIsWithoutAQueue) {
  rtt_estimator rtt;
  rtt.sample(40ms, 1s);
  for (int i = 2; i < 25; ++i) rtt.sample(45ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 45ms);
  EXPECT_EQ(rtt.long_minimum(), 40ms);
  for (int i = 25; i < 90; ++i) rtt.sample(45ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.long_minimum(), 45ms);
}

TEST(RttEstimator, APathThatHasBecomeLongerHasNoQueue) {
  rtt_estimator rtt;
  rtt.sample(40ms, 1s);
  for (int i = 2; i < 25; ++i) rtt.sample(80ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.long_minimum(), 80ms);
}

}  // namespace
}  // namespace mtcp::core::test
