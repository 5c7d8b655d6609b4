// Which of several tunnels new connections take.
#include "client/tunnel_choice.hpp"

#include <gtest/gtest.h>

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;

class TunnelChoice : public testing::Test {
 protected:
  /// Whether another tunnel is in use from `after` the start on.
  bool changes(std::chrono::milliseconds after) { return tested.review(start + after); }
  void see(std::size_t tunnel, bool up, std::chrono::milliseconds after) { tested.see(tunnel, up, start + after); }

  const tunnel_choice::time_point start{1h};
  tunnel_choice tested{3, start};
};

TEST_F(TunnelChoice, IsTheFirstAsLongAsItWorks) {
  for (std::size_t i = 0; i < 3; ++i) see(i, true, 1s);
  EXPECT_FALSE(changes(1s));
  EXPECT_FALSE(changes(1h));
  EXPECT_EQ(tested.used(), 0U);
  EXPECT_FALSE(tested.next());
}

TEST_F(TunnelChoice, GoesOnToTheNextThatWorksAfterAWhile) {
  see(0, true, 1s);
  see(2, true, 1s);
  see(0, false, 20s);
  EXPECT_FALSE(changes(29'999ms));
  EXPECT_EQ(tested.next(), start + 30s);
  EXPECT_TRUE(changes(30s));
  EXPECT_EQ(tested.used(), 2U);
}

TEST_F(TunnelChoice, DoesNotWaitForOneThatNeverCameUp) {
  see(1, true, 1s);
  EXPECT_FALSE(changes(9s));
  EXPECT_TRUE(changes(10s));
  EXPECT_EQ(tested.used(), 1U);
}

TEST_F(TunnelChoice, StaysWhereItIsIfNoneWorks) {
  see(0, true, 1s);
  see(0, false, 2s);
  EXPECT_FALSE(changes(1h));
  EXPECT_FALSE(tested.next());
  see(1, true, 1h);
  EXPECT_TRUE(changes(1h)) << "it has been down for long enough";
}

TEST_F(TunnelChoice, ReturnsToABetterOneOnceThatHasShownThatItLasts) {
  see(1, true, 1s);
  ASSERT_TRUE(changes(10s));
  see(0, true, 20s);
  EXPECT_FALSE(changes(21s));
  see(0, false, 40s);
  see(0, true, 41s);
  EXPECT_EQ(tested.next(), start + 71s);
  EXPECT_FALSE(changes(70s)) << "it has been away";
  EXPECT_TRUE(changes(71s));
  EXPECT_EQ(tested.used(), 0U);
}

TEST_F(TunnelChoice, IsNotMovedByWorseOnes) {
  see(0, true, 1s);
  see(1, true, 2s);
  EXPECT_FALSE(changes(1h));
}

TEST_F(TunnelChoice, ShortOutagesMoveNothing) {
  see(0, true, 1s);
  see(1, true, 1s);
  for (auto at = 10s; at < 100s; at += 10s) {
    see(0, false, at);
    EXPECT_FALSE(changes(at + 9s));
    see(0, true, at + 9s);
  }
  EXPECT_EQ(tested.used(), 0U);
}

}  // namespace
}  // namespace mtcp::client
