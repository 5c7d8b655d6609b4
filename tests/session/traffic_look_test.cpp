#include "mtcp/session/traffic_look.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

TEST(TrafficLook, IsRarerWhileNothingIsCarried) {
  traffic_look tested(100ms, 10);
  const core::timestamp now{1h};
  EXPECT_TRUE(tested.due(now));
  tested.look(now, 1000);
  EXPECT_EQ(tested.next(), now + 100ms);
  EXPECT_FALSE(tested.due(now + 99ms));
  tested.look(now + 100ms, 1000);
  EXPECT_EQ(tested.next(), now + 1100ms);
  tested.look(now + 1100ms, 1001);
  EXPECT_EQ(tested.next(), now + 1200ms);
}

}  // namespace
}  // namespace mtcp::test
