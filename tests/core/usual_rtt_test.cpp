// What round trips usually are, and how late frames usually come.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/usual_rtt.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(UsualRtt, IsTheShortestUntilALongerOneIsKept) {
  usual_rtt usual;
  EXPECT_EQ(usual.value(40ms), 40ms);
  usual.try_change(20ms, 40ms);
  EXPECT_EQ(usual.value(40ms), 60ms);
  EXPECT_EQ(usual.found(40ms), 40ms) << "while it is tried nothing has been found";
  usual.give_back();
  EXPECT_EQ(usual.value(40ms), 40ms);
  usual.try_change(20ms, 40ms);
  usual.keep();
  EXPECT_EQ(usual.found(40ms), 60ms);
  EXPECT_TRUE(usual.is_longer(40ms));
}

TEST(UsualRtt, IsNeverShorterThanTheShortestNorFarLonger) {
  usual_rtt usual;
  usual.try_change(10s, 40ms);
  usual.keep();
  EXPECT_EQ(usual.value(40ms), 220ms);
  usual.try_change(-1s, 40ms);
  usual.keep();
  EXPECT_EQ(usual.value(40ms), 40ms);
  EXPECT_FALSE(usual.is_longer(40ms));
}

}  // namespace
}  // namespace mtcp::core::test
