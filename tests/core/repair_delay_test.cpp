// How long TCP takes to mend what the network loses.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/repair_delay.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(RepairDelay, IsTheMostOfTheLastSeconds) {
  repair_delay late;
  late.sample(3ms, 1s);
  late.sample(40ms, 2s);
  late.sample(2ms, 3s);
  EXPECT_EQ(late.usual(), 40ms);
  late.sample(2ms, 7s);
  EXPECT_EQ(late.usual(), 40ms);
  late.sample(2ms, 13s);
  EXPECT_EQ(late.usual(), 2ms);
}

TEST(RepairDelay, IsForgottenInASilence) {
  repair_delay late;
  late.sample(40ms, 1s);
  late.sample(0ms, 60s);
  EXPECT_EQ(late.usual(), 0ms);
}

}  // namespace
}  // namespace mtcp::core::test
