// How fast a bridge delivers.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "mtcp/core/bridge/rate_estimator.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

// Frames of 10 kB each millisecond, acknowledged 40 ms later: 10 MB/s.
void deliver(rate_estimator& rate, timestamp& now, int frames, duration per_frame, bool app_limited = false) {
  std::vector<rate_estimator::mark> marks;
  for (int i = 0; i < frames + 40; ++i, now += per_frame) {
    if (app_limited) rate.on_app_limited(400'000);
    if (i < frames) marks.push_back(rate.on_send(now, i == 0));
    if (i >= 40) rate.on_ack(10'000, marks[static_cast<std::size_t>(i - 40)], 10ms, now);
  }
}

TEST(RateEstimator, MeasuresWhatIsDelivered) {
  rate_estimator rate;
  timestamp now = 1s;
  deliver(rate, now, 200, 1ms);
  EXPECT_NEAR(rate.rate(), 10e6, 0.3e6);
}

TEST(RateEstimator, ALimitOfTheApplicationIsNotALimitOfThePath) {
  rate_estimator rate;
  timestamp now = 1s;
  deliver(rate, now, 200, 1ms);
  deliver(rate, now, 2000, 5ms, true);
  EXPECT_NEAR(rate.rate(), 10e6, 0.3e6);
  deliver(rate, now, 3000, 5ms);
  EXPECT_NEAR(rate.rate(), 2e6, 0.1e6);
}

TEST(RateEstimator, WhatAFewFramesShowIsOnlyALowerBound) {
  rate_estimator rate;
  const auto mark = rate.on_send(1s, true);
  rate.on_ack(30, mark, 10ms, 1s + 10ms);
  EXPECT_GT(rate.rate(), 0);
  EXPECT_FALSE(rate.proven_at());
  timestamp now = 2s;
  deliver(rate, now, 200, 1ms);
  EXPECT_TRUE(rate.proven_at());
}

}  // namespace
}  // namespace mtcp::core::test
