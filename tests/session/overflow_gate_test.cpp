#include "mtcp/session/overflow_gate.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

/// Looks every 25 ms at active bridges that carry so much.
class OverflowGate : public testing::Test {
 protected:
  OverflowGate() {
    seen.active = seen.overflow = 1;
    seen.longest_rtt = 20ms;
  }
  /// True if it is open afterwards. `rate` in bytes per second.
  bool pass(core::duration time, double rate) {
    for (const core::timestamp end = now + time; now < end;) {
      now += overflow_gate::interval;
      seen.rate = rate;
      seen.delivered += static_cast<std::uint64_t>(rate * 0.025);
      gate.look(now, seen);
    }
    return gate.open();
  }
  void fill(double queue = 0) {
    seen.full = true;
    seen.queue = queue;
    seen.more_behind = queue == 0;
  }
  void drain() {
    seen.full = seen.more_behind = false;
    seen.queue = 0;
  }

  core::timestamp now{1h};
  core::active_load seen;
  overflow_gate gate;
};

TEST_F(OverflowGate, OpensWhenFullPathsDeliverNoMore) {
  fill();
  EXPECT_FALSE(pass(200ms, 6e6)) << "one window is no plateau";
  EXPECT_TRUE(pass(50ms, 6e6));
}

TEST_F(OverflowGate, WaitsWhileTheRateGrows) {
  fill();
  for (double rate = 1e5; rate < 1e8; rate *= 2) EXPECT_FALSE(pass(100ms, rate)) << rate;
  EXPECT_TRUE(pass(250ms, 1e8));
}

TEST_F(OverflowGate, TakesWindowsOfTwoRoundTrips) {
  seen.longest_rtt = 200ms;
  fill();
  EXPECT_FALSE(pass(700ms, 6e6));
  EXPECT_TRUE(pass(200ms, 6e6));
}

TEST_F(OverflowGate, LeavesAShortQueueToTheActivePaths) {
  fill(6e6 * 0.15);
  EXPECT_FALSE(pass(2s, 6e6));
  fill(6e6 * 0.25);
  EXPECT_TRUE(pass(50ms, 6e6));
}

TEST_F(OverflowGate, StaysClosedWhileThereIsRoomNowAndThen) {
  for (int i = 0; i < 100; ++i) {
    fill();
    EXPECT_FALSE(pass(150ms, 4e6));
    drain();
    EXPECT_FALSE(pass(25ms, 4e6));
  }
}

TEST_F(OverflowGate, ClosesTwoSecondsAfterTheNeedHasEnded) {
  fill();
  ASSERT_TRUE(pass(300ms, 6e6));
  EXPECT_TRUE(pass(5s, 6e6));
  drain();
  EXPECT_TRUE(pass(1900ms, 1e6));
  EXPECT_FALSE(pass(200ms, 1e6));
  EXPECT_FALSE(gate.next_look().has_value()) << "nothing is to be seen any more";
}

TEST_F(OverflowGate, IsNotKeptOpenByMomentsWithoutRoom) {
  fill();
  ASSERT_TRUE(pass(300ms, 6e6));
  for (int i = 0; i < 20; ++i) {
    drain();
    pass(50ms, 4e6);
    fill();
    pass(75ms, 4e6);
  }
  EXPECT_FALSE(gate.open());
}

TEST_F(OverflowGate, BeginsAgainWhenABridgeIsLost) {
  fill();
  EXPECT_FALSE(pass(175ms, 6e6));
  seen.delivered = 0;
  EXPECT_FALSE(pass(225ms, 6e6));
  EXPECT_TRUE(pass(50ms, 6e6));
}

TEST_F(OverflowGate, ClosesWithoutActiveBridgesWhichNeedsNoGate) {
  fill();
  ASSERT_TRUE(pass(300ms, 6e6));
  seen.active = 0;
  EXPECT_FALSE(pass(25ms, 0));
  seen.active = 1;
  seen.overflow = 0;
  EXPECT_FALSE(pass(1s, 6e6));
}

}  // namespace
}  // namespace mtcp::test
