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
  EXPECT_FALSE(cap.is_steady()) << "nothing to send says nothing about the path";
  for (int i = 0; i < 3; ++i) cap.on_round(10e6, true);
  EXPECT_TRUE(cap.is_steady());
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
  EXPECT_EQ(cap.on_queue({5ms, 45ms, 10e6, 0}, 1s), 0ms);
  EXPECT_FALSE(cap.empties());
  EXPECT_EQ(cap.on_queue({9ms, 49ms, 10e6, 0}, 1s), 0ms);
  EXPECT_TRUE(cap.empties()) << "it has no more in flight than fills the way";
  EXPECT_EQ(cap.on_queue({20ms, 60ms, 10e6, 0}, 1050ms), 0ms) << "it grows for a round trip more";
  EXPECT_EQ(cap.on_queue({1ms, 41ms, 10e6, 0}, 1110ms), 0ms);
  EXPECT_FALSE(cap.empties());
  EXPECT_TRUE(cap.is_steady()) << "it was a queue of ours, since it has gone";
}

TEST(SendCap, TellsAQueueFromTheWindowOfARelayThatGrows) {
  const auto is_steady_after = [](duration wait, duration round_trip) {
    send_cap cap;
    cap.on_round(1e6, true);
    cap.on_long_round(wait, round_trip);
    return cap.is_steady();
  };
  EXPECT_FALSE(is_steady_after(300ms, 100ms)) << "its first window has ten packets";
  EXPECT_TRUE(is_steady_after(410ms, 100ms));
  EXPECT_FALSE(is_steady_after(5ms, 1ms)) << "so little is no queue";
  EXPECT_TRUE(is_steady_after(50ms, 10ms));
}

// While packets are lost the rate that was measured is too low.
TEST(SendCap, EmptiesAQueueToWhatFillsTheWay) {
  const auto emptied_to = [](std::uint64_t in_flight, bool lossy = true) {
    send_cap cap;
    cap.on_round(1e6, true);
    cap.on_queue({60ms, 300ms, 1e6, in_flight, lossy}, 1s);  // 240 ms without the queue
    EXPECT_TRUE(cap.empties());
    return cap.draining_value(1e6, 240ms);
  };
  EXPECT_EQ(emptied_to(300'000), 216'000U) << "0.9 of what the rate fills";
  EXPECT_EQ(emptied_to(500'000), 360'000U) << "four fifths of what is in flight are not in the queue";
  EXPECT_EQ(emptied_to(500'000, false), 216'000U) << "by the rate, where none are lost";
  EXPECT_EQ(emptied_to(5'000'000), 432'000U) << "the rest waits for lost packets: no more than twice what was measured";
}

TEST(SendCap, DoublesOnWhereAQueueDoesNotGo) {
  send_cap cap;
  cap.on_round(10e6, true);
  cap.on_queue({12ms, 52ms, 10e6, 0}, 1s);
  EXPECT_EQ(cap.on_queue({14ms, 54ms, 10e6, 0}, 1040ms), 0ms) << "not yet";
  EXPECT_EQ(cap.on_queue({15ms, 55ms, 10e6, 0}, 1110ms), 15ms) << "by so much the usual round trip is longer";
  EXPECT_FALSE(cap.is_steady() || cap.empties());
}

TEST(SendCap, IsShallowWhileSomebodyWaitsForMessages) {
  send_cap cap;
  EXPECT_EQ(cap.calm_value(1e9, 200us, 5ms, false), 2 * 200'000 + send_cap::calm_acks + send_cap::calm_slack)
      << "also while it is still growing: a fast program is never the cap's to limit";
  EXPECT_EQ(cap.calm_value(10e6, 200us, 5ms, false), send_cap::start);
  for (int i = 0; i < 4; ++i) cap.on_round(1e9, true);
  EXPECT_EQ(cap.calm_value(1e9, 200us, 5ms, false), 200'000 + send_cap::calm_acks + send_cap::calm_slack);
  EXPECT_EQ(cap.calm_value(2e6, 40ms, 5ms, false), 2'000'000 * 45 / 1000 + 6 * 1024);
  EXPECT_EQ(cap.calm_value(2e6, 40ms, 2ms, false), 2'000'000 * 42 / 1000 + 6 * 1024) << "acknowledgements come sooner";
}

}  // namespace
}  // namespace mtcp::core::test
