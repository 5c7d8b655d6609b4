// Bridges that live, and bridges that are gone.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

#include "core/carry_frames.hpp"
#include "mtcp/core/bridge/bridge_table.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(BridgeTable, AnIdIsUsedOnce) {
  bridge_table bridges;
  ASSERT_NE(bridges.add(1), nullptr);
  EXPECT_EQ(bridges.add(1), nullptr);
  bridges.lose(1);
  EXPECT_EQ(bridges.add(1), nullptr);
  EXPECT_EQ(bridges.find(1), nullptr);
  EXPECT_NE(bridges.find_lost(1), nullptr);
}

TEST(BridgeTable, KeepsWhatBothEndsHaveToKnowOfALostOne) {
  bridge_table bridges;
  bridge_state& b = *bridges.add(1);
  b.received.on_taken(123, timestamp{1});
  b.flight.on_sent(456);
  lost_bridge& gone = bridges.lose(1);
  EXPECT_EQ(gone.taken, 123U);
  EXPECT_EQ(gone.flight.sent(), 456U);
  bridges.forget_if_settled(1);
  EXPECT_NE(bridges.find_lost(1), nullptr);
  gone.peer_told = true;
  gone.notice.acked = true;
  bridges.forget_if_settled(1);
  EXPECT_EQ(bridges.find_lost(1), nullptr);
}

TEST(BridgeTable, OneThatNeverCameUpIsNamedOnce) {
  bridge_table bridges;
  EXPECT_NE(bridges.add_unseen(7), nullptr);
  EXPECT_EQ(bridges.add_unseen(7), nullptr);
  EXPECT_EQ(bridges.add(7), nullptr);
  bridges.add(1);
  EXPECT_EQ(bridges.add_unseen(1), nullptr);
}

TEST(BridgeTable, AnHonestPeerLeavesFewBehind) {
  bridge_table lost, gaps;
  for (bridge_id id = 1; id <= 4096; ++id) lost.add_unseen(id);
  EXPECT_FALSE(lost.too_many_lost());
  lost.add_unseen(4097);
  EXPECT_TRUE(lost.too_many_lost());
  EXPECT_FALSE(lost.too_many_gaps());
  for (bridge_id id = 1; id <= 4097; ++id) gaps.add(2 * id);
  EXPECT_TRUE(gaps.too_many_gaps());
  EXPECT_FALSE(gaps.too_many_lost());
}

/// So many bytes a millisecond over a way of 40 ms, whose round trips were found to be `usual`.
void carry(bridge_state& b, std::uint64_t bytes, duration usual) {
  timestamp now = 1s;
  b.path.on_tcp_info({.srtt = 40ms, .congestion_window = 400'000}, 0, now);
  carry_frames(b.path, now, 1s, bytes, 40ms);
  b.path.inherit_usual(usual);
}

TEST(BridgeTable, KnowsHowLongRoundTripsOfAPathUsuallyAre) {
  bridge_table bridges;
  for (bridge_id id = 1; id <= 3; ++id) bridges.add(id)->options.path = id == 3 ? 2 : 1;
  EXPECT_EQ(bridges.usual_rtt_on(1), duration::zero()) << "nobody knows yet";
  carry(*bridges.find(1), 10'000, 60ms);
  EXPECT_EQ(bridges.usual_rtt_on(1), 60ms);
  EXPECT_EQ(bridges.usual_rtt_on(2), duration::zero()) << "another path";
  carry(*bridges.find(2), 5'000, 50ms);
  EXPECT_EQ(bridges.usual_rtt_on(1), 60ms) << "as the fastest has found it";
}

TEST(BridgeTable, OneBridgeOfAPathIsTriedWhileTheOthersWait) {
  bridge_table bridges;
  for (bridge_id id = 1; id <= 3; ++id) {
    bridge_state& b = *bridges.add(id);
    b.options.path = id == 3 ? 2 : 1;
    b.chance.on_hindrance(1s);
    b.hinders = true;
  }
  EXPECT_TRUE(bridges.chance_on(1).waits());
  EXPECT_FALSE(bridges.chance_on(9).waits()) << "nothing is known of that path";
  bridges.on_trial(*bridges.find(1), 11s);
  EXPECT_FALSE(bridges.find(1)->hinders);
  EXPECT_FALSE(bridges.chance_on(1).waits()) << "it may be well again";
  EXPECT_FALSE(bridges.find(2)->chance.on_hindrance(30s)) << "its turn was put off";
  EXPECT_TRUE(bridges.find(3)->chance.on_hindrance(11s)) << "that is another path";
  bridges.on_recovered(*bridges.find(1));
  EXPECT_FALSE(bridges.find(2)->hinders) << "what one has found holds for all";
  EXPECT_TRUE(bridges.find(3)->hinders);
}

}  // namespace
}  // namespace mtcp::core::test
