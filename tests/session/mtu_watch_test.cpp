// Whether only small packets get through on a path.
#include "mtcp/session/mtu_watch.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

constexpr core::timestamp start{1h};

TEST(MtuWatch, FindsARuleInBridgesThatFallSilentOneAfterTheOther) {
  mtu_watch tested;
  EXPECT_FALSE(tested.fell_silent(1, start, 900, start + 10s));
  EXPECT_FALSE(tested.fell_silent(2, start, 700, start + 10s));
  EXPECT_FALSE(tested.only_small());
  EXPECT_TRUE(tested.fell_silent(3, start + 10s, 8'000, start + 20s));
  EXPECT_FALSE(tested.fell_silent(4, start + 10s, 800, start + 20s)) << "it is known";
  EXPECT_TRUE(tested.only_small());
}

TEST(MtuWatch, TakesWhatBefallsAllAtOnceForAnAccident) {
  mtu_watch tested;
  for (core::bridge_id id = 1; id <= 100; ++id) EXPECT_FALSE(tested.fell_silent(id, start, 900, start + 10s));
  EXPECT_FALSE(tested.only_small());
}

TEST(MtuWatch, LeavesBridgesAloneThatHaveCarriedSomething) {
  mtu_watch tested;
  for (core::bridge_id id = 1; id <= 100; ++id)
    EXPECT_FALSE(tested.fell_silent(id, start + id * 10s, 14'000, start + id * 10s + 9s)) << "frozen, not too small";
}

TEST(MtuWatch, CountsABridgeOnce) {
  mtu_watch tested;
  tested.fell_silent(1, start, 900, start + 1s);
  tested.fell_silent(2, start + 2s, 900, start + 3s);
  EXPECT_FALSE(tested.fell_silent(2, start + 2s, 900, start + 13s)) << "suspected first, then lost";
}

TEST(MtuWatch, ForgetsBridgesThatRecover) {
  mtu_watch tested;
  tested.fell_silent(1, start, 900, start + 1s);
  tested.fell_silent(2, start + 1s, 900, start + 2s);
  tested.recovered(1);
  EXPECT_FALSE(tested.fell_silent(3, start + 2s, 900, start + 3s));
}

TEST(MtuWatch, BelievesABridgeThatLives) {
  mtu_watch tested;
  for (core::bridge_id id = 1; id <= 3; ++id) tested.fell_silent(id, start + id * 10s, 900, start + id * 10s + 9s);
  ASSERT_TRUE(tested.only_small());
  EXPECT_FALSE(tested.lives(60'000));
  EXPECT_TRUE(tested.only_small());
  EXPECT_TRUE(tested.lives(70'000));
  EXPECT_FALSE(tested.only_small());
  EXPECT_FALSE(tested.lives(70'000)) << "it was believed before";
}

}  // namespace
}  // namespace mtcp::test
