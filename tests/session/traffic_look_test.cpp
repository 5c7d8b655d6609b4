#include "mtcp/session/traffic_look.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

TEST(TrafficLook, IsRarerWhileNothingIsCarried) {
  traffic_look tested(100ms);
  const core::timestamp now{1h};
  EXPECT_TRUE(tested.due(now));
  tested.look(now, 1000, 1s);
  EXPECT_EQ(tested.next(), now + 100ms);
  EXPECT_FALSE(tested.due(now + 99ms));
  tested.look(now + 100ms, 1000, 5s);
  EXPECT_EQ(tested.next(), now + 5s);
  tested.look(now + 5s, 1001, 5s);
  EXPECT_EQ(tested.next(), now + 5s + 100ms);
}

TEST(TrafficLook, IsDueAtOnceWhenTrafficBegins) {
  traffic_look tested(100ms);
  const core::timestamp now{1h};
  tested.look(now, 1000, 5s);
  EXPECT_FALSE(tested.idle());
  tested.look(now + 100ms, 1000, 5s);
  EXPECT_TRUE(tested.idle());
  tested.stir(1000);
  EXPECT_FALSE(tested.due(now + 200ms));
  tested.stir(1001);
  EXPECT_TRUE(tested.due(now + 200ms));
}

}  // namespace
}  // namespace mtcp::test
