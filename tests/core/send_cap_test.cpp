// How much may be in flight on a bridge.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/send_cap.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(SendCap, IsTwiceWhatTheRateFillsUntilTheRateIsFlat) {
  send_cap cap;
  EXPECT_EQ(cap.value(0, 40ms, false), send_cap::start);
  for (const double rate : {5e6, 10e6}) cap.on_round(rate, true);
  EXPECT_NEAR(static_cast<double>(cap.value(10e6, 40ms, false)), 2 * 10e6 * 0.045 + 50e3, 1);
  for (int i = 0; i < 10; ++i) cap.on_round(10e6, false);
  EXPECT_FALSE(cap.started()) << "nothing to send says nothing about the path";
  for (int i = 0; i < 3; ++i) cap.on_round(10e6, true);
  EXPECT_TRUE(cap.started());
  EXPECT_NEAR(static_cast<double>(cap.value(10e6, 40ms, false)), send_cap::steady_gain * 10e6 * 0.045 + 50e3, 1);
}

TEST(SendCap, LeavesRoomForAWholeRecordOnceTheRateIsKnown) {
  send_cap cap;
  EXPECT_EQ(cap.slack(0, 80ms), 16'384U);
  EXPECT_EQ(cap.slack(1e6, 80ms), 5'000U) << "the rate may be far too high";
  for (int i = 0; i < 4; ++i) cap.on_round(1e6, true);
  EXPECT_EQ(cap.slack(1e6, 80ms), 16'000U);
  EXPECT_EQ(cap.slack(2e6, 80ms), 16'384U);
  EXPECT_EQ(cap.slack(1e6, 10ms), 5'000U) << "next to so short a round trip a record is long";
  EXPECT_EQ(cap.slack(75e3, 80ms), 4'096U);
  EXPECT_EQ(cap.slack(20e6, 80ms), 100'000U);
  EXPECT_EQ(cap.slack(1e9, 80ms), 524'288U);
}

TEST(SendCap, StopsDoublingWhenAQueueBuildsUp) {
  send_cap cap;
  cap.on_round(10e6, true);
  cap.on_queue(5ms, 40ms);
  EXPECT_FALSE(cap.started());
  cap.on_queue(9ms, 40ms);
  EXPECT_TRUE(cap.started());
}

TEST(SendCap, IsShallowWhileSomebodyWaitsForMessages) {
  send_cap cap;
  EXPECT_EQ(cap.calm_value(1e9, 200us, false), 2 * 200'000 + send_cap::calm_acks + send_cap::calm_slack)
      << "also while it is still growing: a fast program is never the cap's to limit";
  EXPECT_EQ(cap.calm_value(10e6, 200us, false), send_cap::start);
  for (int i = 0; i < 4; ++i) cap.on_round(1e9, true);
  EXPECT_EQ(cap.calm_value(1e9, 200us, false), 200'000 + send_cap::calm_acks + send_cap::calm_slack);
  EXPECT_EQ(cap.calm_value(2e6, 40ms, false), 2'000'000 * 45 / 1000 + send_cap::calm_slack);
}

}  // namespace
}  // namespace mtcp::core::test
