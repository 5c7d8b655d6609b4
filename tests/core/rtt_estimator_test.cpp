// Round trips of a bridge.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/rtt_estimator.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(RttEstimator, ForgetsAnOldMinimum) {
  rtt_estimator rtt;
  rtt.sample(10ms, 1s);
  for (int i = 2; i < 9; ++i) rtt.sample(50ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 10ms);
  for (int i = 9; i < 20; ++i) rtt.sample(50ms, std::chrono::seconds(i));
  EXPECT_EQ(rtt.minimum(), 50ms);
}

}  // namespace
}  // namespace mtcp::core::test
