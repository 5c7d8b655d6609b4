// When what has arrived is acknowledged, and by which bridges.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <vector>

#include "core/carry_frames.hpp"
#include "mtcp/core/acks.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// Three bridges; the second is the quickest.
struct Acks : testing::Test {
  Acks() {
    for (bridge_id id = 1; id <= 3; ++id) bridge(id, true);
    for (const auto& [id, rtt] : std::map<bridge_id, duration>{{1, 30ms}, {2, 10ms}, {3, 20ms}})
      bridge(id).path.on_pong(rtt, now);
  }
  bridge_state& bridge(bridge_id id, bool add = false) {
    if (add) bridges.add(id);
    return *bridges.find(id);
  }
  void take(bridge_id from, std::size_t bytes, bool at_once = false) {
    bridge(from).received.on_heard(now);
    timer.took(bridge(from).received, bytes, at_once ? ack_speed::at_once : ack_speed::usual, now);
  }
  std::vector<bridge_id> carriers() {
    std::vector<bridge_id> ids;
    for (const auto& [id, b] : bridges.live())
      if (b.acks_wanted != ack_copy::none) ids.push_back(id);
    return ids;
  }
  std::size_t put(bridge_id by) {
    gather_list out(64 * 1024);
    acks::put(bridges, bridge(by), out, now);
    return out.size();
  }

  timestamp now = 1s;
  bridge_table bridges;
  acks timer;
};

using ids = std::vector<bridge_id>;

TEST_F(Acks, AFrameIsAcknowledgedAfterAMomentOrMuchAtOnce) {
  take(1, 100);
  EXPECT_EQ(timer.due_at(), 1s + 5ms);
  take(1, 32 * 1024);
  EXPECT_TRUE(timer.due(now)) << "the bridge is young";
}

TEST_F(Acks, SomeFramesDoNotWait) {
  take(1, 100, true);
  EXPECT_TRUE(timer.due(now));
}

// What the sender keeps in flight between two ACKs is in front of these messages.
TEST_F(Acks, ComeSoonerWhileSomebodyWaitsForMessages) {
  timer.took(bridge(1).received, 100, ack_speed::calm, now);
  EXPECT_EQ(timer.due_at(), 1s + 2ms);
}

TEST_F(Acks, WhatElicitsNoAckIsCountedOnly) {
  bridge(1).received.on_taken(100, now);
  EXPECT_FALSE(timer.due_at());
  EXPECT_EQ(bridge(1).received.taken(), 100U);
}

TEST_F(Acks, TheQuickestBridgeCarriesItAndSoonTheOneHeardFromLast) {
  take(1, 100, true);
  timer.fire(bridges, now);
  EXPECT_EQ(carriers(), ids{2});
  EXPECT_GT(put(2), 0U);
  EXPECT_EQ(put(2), 0U) << "it was asked once";
  now += 5ms;
  ASSERT_TRUE(timer.due(now));
  timer.fire(bridges, now);
  EXPECT_EQ(carriers(), ids{1});
  EXPECT_GT(put(1), 0U);
  EXPECT_FALSE(timer.due_at());
}

// Of a bridge that has become slow: what waits on it takes a second.
TEST_F(Acks, DoNotWaitBehindAQueue) {
  carry_frames(bridge(2).path, now, 500ms, 1'000, 10ms);
  for (const std::size_t waits : {20'000, 1'000'000}) {
    bridge(2).flight.add({}, waits, waits);
    bridge(2).flight.on_sent(waits);
    take(1, 100, true);
    timer.fire(bridges, now);
    EXPECT_EQ(carriers(), ids{waits == 20'000 ? 2U : 3U});
    for (const bridge_id id : carriers()) put(id);
    now += 10ms;
    timer.fire(bridges, now);
    for (const bridge_id id : carriers()) put(id);
  }
}

TEST_F(Acks, ASuspectCarriesItOnlyIfThereIsNoOther) {
  bridge(2).progress.suspect(now);
  take(1, 100, true);
  timer.fire(bridges, now);
  EXPECT_EQ(carriers(), ids{3});
}

TEST_F(Acks, AWayThatCostsMoneyCarriesThemOnlyWhenItIsHeardFrom) {
  bridge(2).spared = true;
  now += 2s;
  take(1, 100, true);
  take(3, 100);
  timer.fire(bridges, now);
  for (const bridge_id id : carriers()) EXPECT_NE(id, 2U);
  put(3);
  now += 10ms;
  take(2, 100, true);
  timer.fire(bridges, now);
  EXPECT_EQ(carriers().front() == 2U || carriers().back() == 2U, true);
}

TEST_F(Acks, AreRepeatedWhenABridgeIsGone) {
  take(1, 100, true);
  timer.fire(bridges, now);
  put(2);
  timer.repeat_all(bridges, now);
  timer.fire(bridges, now);
  EXPECT_GT(put(2), 0U);
}

}  // namespace
}  // namespace mtcp::core::test
