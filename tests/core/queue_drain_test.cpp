// When queues are to run empty.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/queue_drain.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(QueueDrain, BeginsForAllBridgesAtOnceAndLastsAsLongAsTheyNeed) {
  queue_drain near, far;
  for (queue_drain* one : {&near, &far}) one->advance(true, 1ms, 9s);
  near.advance(true, 80ms, 10s + 3ms);
  far.advance(true, 400ms, 10s + 9ms);
  EXPECT_TRUE(near.active());
  EXPECT_TRUE(far.active());
  for (queue_drain* one : {&near, &far}) one->advance(true, 80ms, 10s + 90ms);
  EXPECT_FALSE(near.active());
  EXPECT_TRUE(far.active());
  far.advance(true, 400ms, 10s + 409ms);
  EXPECT_FALSE(far.active());
}

TEST(QueueDrain, HappensOncePerInterval) {
  queue_drain drain;
  drain.advance(true, 80ms, 10s);
  int begun = 0;
  for (timestamp now = 10s; now < 60s; now += 10ms) {
    const bool before = drain.active();
    drain.advance(true, 80ms, now);
    begun += !before && drain.active() ? 1 : 0;
  }
  EXPECT_EQ(begun, 9) << "and the first one was under way";
}

TEST(QueueDrain, IsLeftOutWhereItIsNotWantedWhenItBegins) {
  queue_drain drain;
  drain.advance(false, 80ms, 10s);
  EXPECT_FALSE(drain.active());
  drain.advance(true, 80ms, 10s + 10ms);
  EXPECT_FALSE(drain.active());
}

TEST(QueueDrain, DisturbsWhatIsMeasuredAcrossItsBeginning) {
  EXPECT_TRUE(queue_drain::begins_between(9s, 10s));
  EXPECT_FALSE(queue_drain::begins_between(10s, 14s));
}

}  // namespace
}  // namespace mtcp::core::test
