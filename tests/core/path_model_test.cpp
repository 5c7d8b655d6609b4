// What is known of the way that a bridge takes.
#include <gtest/gtest.h>

#include <chrono>

#include "core/carry_frames.hpp"
#include "mtcp/core/bridge/path_model.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// Frames of 10 kB each millisecond, acknowledged 40 ms later: 10 MB/s.
void carry(path_model& path, timestamp& now, int frames) { carry_frames(path, now, frames * 1ms, 10'000, 40ms); }

TEST(PathModel, KnowsNothingAtFirst) {
  const path_model path;
  EXPECT_EQ(path.rate_estimate(), 0);
  EXPECT_EQ(path.rtt_minimum(), duration::zero());
  EXPECT_EQ(path.cap(), send_cap::start);
  EXPECT_EQ(path.due(0, true, 1s), 2s);
  EXPECT_EQ(path.patience(0), 1s);
}

// A peer may say so, by mistake or not.
TEST(PathModel, LearnsNothingFromAcknowledgementsThatClaimToHaveWaitedForLongerThanTheyTook) {
  path_model path;
  path.on_ack(10'000, path.on_send(6s, true), 1s, 6s + 40ms);
  path.on_ack(10'000, path.on_send(11s, true), 1s, 11s + 40ms);
  EXPECT_FALSE(path.rtt().known());
  EXPECT_EQ(path.rate_estimate(), 0);
  EXPECT_EQ(path.due(0, true, 12s), 13s);
  EXPECT_EQ(path.grace(true, false), 1s);
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
  path.on_tcp_info({.srtt = 10ms, .congestion_window = 100'000}, 0, 1s);
  EXPECT_NEAR(path.rate_estimate(), 10e6, 1);
  EXPECT_EQ(path.rtt_minimum(), 10ms);
  EXPECT_FALSE(path.rate_is_proven());
}

TEST(PathModel, IsNeverQuickerThanItsLimit) {
  path_model path;
  path.on_tcp_info({.srtt = 10ms, .congestion_window = 100'000}, 0, 1s);
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
  EXPECT_GE(path.grace(false, false), 30ms);
  EXPECT_GT(path.grace(true, false), path.grace(false, false));
  EXPECT_EQ(path.grace(true, true), path.grace(false, true)) << "but not if they are alone";
}

TEST(PathModel, AMessageThatIsAloneIsDueAfterARoundTrip) {
  path_model path;
  EXPECT_EQ(path.due(100, true, 1s), 2s) << "nothing is known";
  path.on_pong(40ms, 1s);
  EXPECT_EQ(path.due(100, true, 1s), 1s + 40ms + send_cap::ack_delay);
  EXPECT_EQ(path.due(100'000, true, 1s), 1s + 80ms + send_cap::ack_delay) << "they may wait for TCP's window";
}

// Acknowledgements that return on a quicker bridge make rounds of the tunnel that are shorter than those of TCP, whose
// window doubles only once in each of its own.
TEST(PathModel, IsNotSettledByRoundsInWhichTcpCouldNotGrow) {
  for (const duration tcp_rtt : {40ms, 400ms}) {
    path_model path;
    timestamp now = 1s;
    path.on_tcp_info({.srtt = tcp_rtt, .congestion_window = 400'000}, 0, now);
    carry(path, now, 300);
    EXPECT_EQ(path.settled(), tcp_rtt == 40ms);
    EXPECT_EQ(path.settled_rate() > 0, tcp_rtt == 40ms);
  }
}

// The kernel knows the way to the relay only, on which nothing waits: its buffers fill behind that.
TEST(PathModel, ARelayNextDoorDoesNotHideThatBytesWaitBehindIt) {
  for (const duration tcp_rtt : {duration(50us), duration(200ms)}) {
    path_model path;
    timestamp now = 1s;
    path.on_pong(10ms, now);
    path.on_tcp_info({.srtt = tcp_rtt, .congestion_window = 400'000}, 0, now);
    EXPECT_EQ(path.cap(), send_cap::start);
    carry_frames(path, now, 600ms, 1'000, 260ms);
    EXPECT_EQ(path.cap() < 40'000, tcp_rtt == 50us) << path.cap() << " bytes at 1 MB/s on a way of 10 ms";
  }
}

TEST(PathModel, IsSettledWhereLossesHideThatItsRateIsFlat) {
  path_model path;
  timestamp now = 1s;
  path.on_tcp_info({.srtt = 40ms, .congestion_window = 400'000, .recovering = true}, 0, now);
  carry(path, now, 300);
  EXPECT_FALSE(path.settled());
  carry(path, now, 300);
  EXPECT_TRUE(path.settled());
  path.start_over();
  EXPECT_FALSE(path.settled());
}

}  // namespace
}  // namespace mtcp::core::test
