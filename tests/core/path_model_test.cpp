// What is known of the way that a bridge takes.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

#include "mtcp/core/bridge/path_model.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// Frames of 10 kB each millisecond, acknowledged 40 ms later: 10 MB/s.
void carry(path_model& path, timestamp& now, int frames) {
  std::deque<rate_estimator::mark> marks;
  for (int i = 0; i < frames; ++i, now += 1ms) {
    marks.push_back(path.on_send(now, i == 0));
    if (i < 40) continue;
    path.on_ack(10'000, marks.front(), 0ms, now);
    marks.pop_front();
  }
}

TEST(PathModel, KnowsNothingAtFirst) {
  const path_model path;
  EXPECT_EQ(path.rate_estimate(), 0);
  EXPECT_EQ(path.rtt_minimum(), duration::zero());
  EXPECT_EQ(path.cap(), send_cap::start);
  EXPECT_EQ(path.due(0, true, 1s), 2s);
  EXPECT_EQ(path.patience(0), 1s);
}

TEST(PathModel, MeasuresRateAndRoundTrip) {
  path_model path;
  timestamp now = 1s;
  carry(path, now, 500);
  EXPECT_NEAR(path.rate_estimate(), 10e6, 0.5e6);
  EXPECT_TRUE(path.rate_is_proven());
  EXPECT_EQ(path.rtt_minimum(), 40ms);
  EXPECT_NEAR(path.queue_seconds(900'000), 0.050, 0.01) << "half of it fills the way";
}

TEST(PathModel, BelievesTheKernelWhileNothingIsMeasured) {
  path_model path;
  path.on_tcp_info({.srtt = 10ms, .congestion_window = 100'000}, 1s);
  EXPECT_NEAR(path.rate_estimate(), 10e6, 1);
  EXPECT_EQ(path.rtt_minimum(), 10ms);
  EXPECT_FALSE(path.rate_is_proven());
}

TEST(PathModel, IsNeverQuickerThanItsLimit) {
  path_model path;
  path.on_tcp_info({.srtt = 10ms, .congestion_window = 100'000}, 1s);
  path.set_rate_limit(1'000'000);
  EXPECT_EQ(path.rate_estimate(), 1e6);
  path.set_rate_limit(0);
  EXPECT_NEAR(path.rate_estimate(), 10e6, 1);
}

TEST(PathModel, WhatWasMeasuredBeforeAStopSaysNothing) {
  path_model path;
  timestamp now = 1s;
  carry(path, now, 500);
  path.start_over();
  EXPECT_EQ(path.best_rate(), 0);
  EXPECT_FALSE(path.rate_is_proven());
  EXPECT_EQ(path.rtt_minimum(), 40ms) << "the way is as long as before";
}

TEST(PathModel, WaitsLongerForALargeFrameOnASlowPath) {
  path_model path;
  timestamp now = 1s;
  carry(path, now, 500);
  EXPECT_EQ(path.patience(1'000), 300ms);
  EXPECT_GT(path.patience(4'000'000), 700ms);
  EXPECT_LE(path.patience(std::size_t{1} << 40), 2s);
}

TEST(PathModel, BytesOfStreamsMayBeLaterThanControlFrames) {
  path_model path;
  timestamp now = 1s;
  carry(path, now, 500);
  EXPECT_GE(path.grace(false), 30ms);
  EXPECT_GT(path.grace(true), path.grace(false));
}

}  // namespace
}  // namespace mtcp::core::test
