// Bridges that live, and bridges that are gone.
#include <gtest/gtest.h>

#include "mtcp/core/bridge/bridge_table.hpp"

namespace mtcp::core::test {
namespace {

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

}  // namespace
}  // namespace mtcp::core::test
