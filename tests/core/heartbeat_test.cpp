// PING and PONG of a bridge.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "mtcp/core/bridge/heartbeat.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(Heartbeat, TimesTheAnswerToItsLastPing) {
  heartbeat beat;
  beat.ask(0, 1s);
  EXPECT_TRUE(beat.ping_wanted());
  const auto first = beat.send_ping(1s + 5ms);
  EXPECT_FALSE(beat.ping_wanted());
  EXPECT_EQ(beat.unanswered_since(), 1s + 5ms);
  EXPECT_FALSE(beat.on_pong(first + 1, 1s + 10ms)) << "nobody asked that";
  EXPECT_EQ(beat.on_pong(first, 1s + 25ms), 20ms);
  EXPECT_FALSE(beat.on_pong(first, 1s + 30ms)) << "it was answered";
}

TEST(Heartbeat, AsksOnceUntilItIsAnswered) {
  heartbeat beat;
  beat.ask(0, 1s);
  beat.send_ping(1s);
  beat.ask(0, 2s);
  EXPECT_FALSE(beat.ping_wanted());
}

TEST(Heartbeat, AnswersTheLastPing) {
  heartbeat beat;
  beat.on_ping(1);
  beat.on_ping(2);
  EXPECT_TRUE(beat.has_to_say());
  EXPECT_EQ(beat.take_pong(), 2U);
  EXPECT_FALSE(beat.take_pong());
}

TEST(Heartbeat, AsksWhenABridgeWasSilentForLong) {
  heartbeat beat;
  const timestamp when = beat.deadline({.heard_at = 10s});
  EXPECT_EQ(beat.deadline({.heard_at = 10s}), when);
  EXPECT_FALSE(beat.on_deadline(0, when));
  EXPECT_TRUE(beat.ping_wanted());
}

// Before a NAT forgets the connection, and at times that nobody expects.
TEST(Heartbeat, AsksAfterPausesOfAnyLength) {
  const heartbeat beat;
  std::set<duration> pauses;
  for (int i = 0; i < 1000; ++i) {
    const timestamp heard_at = 10s + i * 70ms;
    const duration pause = beat.deadline({.heard_at = heard_at}) - heard_at;
    EXPECT_GE(pause, 13s);
    EXPECT_LE(pause, 25s);
    pauses.insert(std::chrono::floor<std::chrono::seconds>(pause));
  }
  EXPECT_GE(pauses.size(), 11U);
}

// So that an idle tunnel wakes up twice for all of them.
TEST(Heartbeat, AsksOnSeveralBridgesAtOneOfTwoTimes) {
  const heartbeat beat;
  std::set<timestamp> times;
  for (int i = 0; i < 100; ++i) times.insert(beat.deadline({.heard_at = 10s + i * 1us}));
  EXPECT_EQ(times.size(), 2U);
}

// It has no acknowledgements to time.
TEST(Heartbeat, AReceiverAsksEverySecond) {
  heartbeat beat;
  heartbeat::activity busy{.taken = 100'000, .only_receives = true, .measured_at = 9s, .heard_at = 10s};
  EXPECT_EQ(beat.deadline(busy), 10s);
  busy.only_receives = false;
  EXPECT_GE(beat.deadline(busy), 23s);
  busy = {.taken = 1000, .only_receives = true, .measured_at = 9s, .heard_at = 10s};
  EXPECT_GE(beat.deadline(busy), 23s) << "too little to matter";
}

// A path may be cut in one direction only.
TEST(Heartbeat, GivesUpWithoutAnAnswerThoughMuchIsHeard) {
  heartbeat beat;
  beat.ask(0, 1s);
  beat.send_ping(1s);
  const heartbeat::activity lively{.taken = 1'000'000, .measured_at = 10s, .heard_at = 10s};
  EXPECT_EQ(beat.deadline(lively), 11s);
  EXPECT_TRUE(beat.on_deadline(0, 11s));
  EXPECT_FALSE(beat.on_deadline(0, 12s)) << "it is told once";
  EXPECT_EQ(beat.deadline(lively), timestamp::max());
}

// Nobody else can find out that the network has frozen all bridges on the way to a receiver.
TEST(Heartbeat, AReceiverAsksWhenABurstEnds) {
  heartbeat beat;
  const auto due = [&](std::uint64_t taken) {
    return beat.deadline(
        {.taken = taken, .only_receives = true, .round_trip = 50ms, .measured_at = 10s, .heard_at = 10s});
  };
  EXPECT_GE(due(1000), 23s) << "a few bytes are no burst";
  EXPECT_EQ(due(3000), 10s + 150ms);
  beat.ask(3000, 10s + 150ms);
  beat.on_pong(beat.send_ping(10s + 150ms), 10s + 200ms);
  EXPECT_GE(due(5900), 23s) << "as much as before is one";
  EXPECT_EQ(due(6100), 10s + 150ms);
}

}  // namespace
}  // namespace mtcp::core::test
