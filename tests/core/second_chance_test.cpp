// When a bridge that is more hindrance than help is tried again.
#include "mtcp/core/bridge/second_chance.hpp"

#include <gtest/gtest.h>

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(SecondChance, ComesAfterTenSecondsAndThenLaterAndLater) {
  second_chance chance;
  timestamp now = 1h;
  for (const duration pause : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    EXPECT_FALSE(chance.on_hindrance(now));
    EXPECT_TRUE(chance.waits());
    EXPECT_FALSE(chance.on_hindrance(now + pause - 1ms));
    now += pause;
    EXPECT_TRUE(chance.on_hindrance(now));
    chance.on_trial(true, now);
    EXPECT_FALSE(chance.waits());
  }
}

TEST(SecondChance, StartsAnewAfterHelp) {
  second_chance chance;
  EXPECT_FALSE(chance.on_help()) << "it always was of use";
  chance.on_hindrance(1h);
  chance.on_trial(true, 1h + 10s);
  EXPECT_TRUE(chance.on_help());
  EXPECT_FALSE(chance.on_help());
  chance.on_hindrance(2h);
  EXPECT_TRUE(chance.on_hindrance(2h + 10s));
}

TEST(SecondChance, IsPutOffWhileAnotherBridgeOfThePathIsTried) {
  second_chance chance;
  chance.on_hindrance(1h);
  chance.on_trial(false, 1h + 9s);
  EXPECT_TRUE(chance.waits());
  EXPECT_FALSE(chance.on_hindrance(1h + 28s));
  EXPECT_TRUE(chance.on_hindrance(1h + 29s));
}

}  // namespace
}  // namespace mtcp::core::test
