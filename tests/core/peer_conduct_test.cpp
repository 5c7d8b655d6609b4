// Whether the peer keeps the protocol.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/peer_conduct.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(PeerConduct, FailsOnce) {
  peer_conduct peer;
  EXPECT_FALSE(peer.failed());
  EXPECT_TRUE(peer.fail(violation::flood));
  EXPECT_FALSE(peer.fail(violation::final_size));
  EXPECT_TRUE(peer.failed());
}

TEST(PeerConduct, MaySendSomeFramesThatCarryNothing) {
  peer_conduct peer;
  int sent = 0;
  while (peer.on_waste(1s) == violation::none) ++sent;
  EXPECT_NEAR(sent, 20'000, 1);
  EXPECT_EQ(peer.on_waste(2s), violation::none) << "a second later it may again";
}

TEST(PeerConduct, NewBytesPayForMore) {
  peer_conduct peer;
  while (peer.on_waste(1s) == violation::none) continue;
  peer.on_new_bytes(4096 * 10);
  int more = 0;
  while (peer.on_waste(1s) == violation::none) ++more;
  EXPECT_NEAR(more, 9, 1);
}

}  // namespace
}  // namespace mtcp::core::test
