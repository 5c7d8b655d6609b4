// Whether what is sent on a bridge arrives.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/progress_watch.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(ProgressWatch, CountsFromWhateverMovedLast) {
  progress_watch watch;
  watch.begin(1s);
  EXPECT_EQ(watch.without_since(500ms, {}), 1s);
  EXPECT_EQ(watch.without_since(2s, {}), 2s) << "when it was sent";
  EXPECT_EQ(watch.without_since(2s, 3s), 3s) << "TCP pauses on purpose";
  watch.on_tcp(0, 1000, 3s);
  watch.on_tcp(500, 1000, 4s);
  EXPECT_EQ(watch.without_since(2s, 3s), 4s) << "TCP carries the frame";
  watch.on_progress(5s);
  EXPECT_EQ(watch.without_since(2s, 3s), 5s);
}

TEST(ProgressWatch, ASuspectIsOneUntilItMoves) {
  progress_watch watch;
  watch.suspect(1s);
  EXPECT_TRUE(watch.suspected());
  watch.on_progress(2s);
  EXPECT_FALSE(watch.suspected());
}

TEST(ProgressWatch, WhatIsPutOffIsDecidedByWhenItBegan) {
  progress_watch watch;
  watch.begin(1s);
  watch.decide();
  EXPECT_EQ(watch.without_since(500ms, {}), 1s) << "nothing was put off";
  watch.postpone(2s);
  watch.postpone(3s);
  EXPECT_EQ(watch.without_since(500ms, {}), 3s);
  watch.decide();
  EXPECT_EQ(watch.without_since(500ms, {}), 1s);
  watch.postpone(4s);
  watch.on_progress(5s);
  watch.decide();
  EXPECT_EQ(watch.without_since(500ms, {}), 5s) << "it has moved since";
}

TEST(ProgressWatch, ASuspicionIsToldOnceAndTakenBackOnce) {
  progress_watch watch;
  EXPECT_FALSE(watch.take_back()) << "nobody was told";
  EXPECT_TRUE(watch.tell());
  EXPECT_FALSE(watch.tell());
  EXPECT_TRUE(watch.take_back());
  EXPECT_FALSE(watch.take_back());
  EXPECT_TRUE(watch.tell());
}

}  // namespace
}  // namespace mtcp::core::test
