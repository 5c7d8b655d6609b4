#include "mtcp/session/backoff.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToItsLongestPauseAndVariesByHalf) {
  backoff tested(100ms, 1s, 1);
  core::timestamp now{1h};
  for (const core::duration pause : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    tested.failed(now, now);
    EXPECT_GE(tested.not_before(), now + pause / 2);
    EXPECT_LE(tested.not_before(), now + pause);
    now = tested.not_before();
  }
}

TEST(Backoff, DialsThatFailTogetherCountOnce) {
  backoff tested(100ms, 10s, 1);
  const core::timestamp now{1h};
  for (int i = 0; i < 8; ++i) tested.failed(now, now);
  EXPECT_LE(tested.not_before(), now + 100ms);
}

TEST(Backoff, ADialThatHungWasPartOfThePause) {
  backoff tested(100ms, 8s, 1);
  core::timestamp now{1h};
  for (int i = 0; i < 9; ++i) tested.failed(now, now += 10s);
  tested.failed(now, now + 10s);
  EXPECT_LE(tested.not_before(), now + 10s + 50ms);
}

TEST(Backoff, ClientsDoNotReturnInStep) {
  const core::timestamp now{1h};
  backoff one(10s, 10s, 1), other(10s, 10s, 2);
  one.failed(now, now);
  other.failed(now, now);
  EXPECT_NE(one.not_before(), other.not_before());
}

TEST(Backoff, ASuccessForgetsAll) {
  backoff tested(100ms, 10s, 1);
  tested.failed_for_long(core::timestamp(1h));
  tested.reset();
  EXPECT_LE(tested.not_before(), core::timestamp(1h));
}

}  // namespace
}  // namespace mtcp::test
