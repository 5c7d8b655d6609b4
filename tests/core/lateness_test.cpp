// How late messages of a bridge lately were.
#include <gtest/gtest.h>

#include "mtcp/core/bridge/lateness.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(Lateness, OneLateMessageWeighsAnEighth) {
  lateness late;
  late.sample(-5ms, 1s);
  EXPECT_EQ(late.seconds(1s), 0);
  late.sample(200ms, 1s);
  EXPECT_NEAR(late.seconds(1s), 0.025, 1e-9);
}

TEST(Lateness, MessagesInTimeMakeUpForIt) {
  lateness late;
  late.sample(200ms, 1s);
  for (int i = 0; i < 20; ++i) late.sample(0ms, 1s);
  EXPECT_LT(late.seconds(1s), 0.002);
}

TEST(Lateness, HalvesInTenSeconds) {
  lateness late;
  late.sample(200ms, 1s);
  EXPECT_NEAR(late.seconds(11s), 0.0125, 1e-9);
  EXPECT_LT(late.seconds(61s), 0.001) << "the bridge gets another chance";
}

TEST(Lateness, AnOutageWeighsNoMoreThanASecond) {
  lateness late;
  late.sample(1h, 1s);
  EXPECT_NEAR(late.seconds(1s), 0.125, 1e-9);
}

}  // namespace
}  // namespace mtcp::core::test
