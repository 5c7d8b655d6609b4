// When small messages go out twice, and what that may cost.
#include <gtest/gtest.h>

#include "mtcp/core/hedge.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(Hedge, IsWantedForAMinuteAfterTrouble) {
  hedge h(hedging::learnt);
  EXPECT_FALSE(h.wanted(1s));
  h.on_trouble(1s);
  EXPECT_TRUE(h.wanted(1s));
  EXPECT_TRUE(h.wanted(60s));
  EXPECT_FALSE(h.wanted(61s));
}

TEST(Hedge, IsWantedNeverOrAlways) {
  hedge off(hedging::off), always(hedging::always);
  off.on_trouble(1s);
  EXPECT_FALSE(off.wanted(1s));
  EXPECT_TRUE(always.wanted(1s));
}

/// Copies of 100 bytes that may be sent, one after the other, a second apart.
int copies_of(hedge& h) {
  int sent = 0;
  for (timestamp now = 1s; sent < 1'000'000 && h.may_copy(100, now); now += 1s, ++sent) h.on_copy(100);
  return sent;
}

TEST(Hedge, MessagesPayForOneCopyOfEachAndOneInTwenty) {
  hedge h(hedging::always);
  EXPECT_EQ(copies_of(h), 0);
  for (int i = 0; i < 1000; ++i) h.on_message(100);
  EXPECT_EQ(copies_of(h), 1050);
}

TEST(Hedge, BulkPaysForTwoPercentIfThatIsMore) {
  hedge h(hedging::always);
  h.on_message(100);
  h.on_bulk(1'000'000);
  EXPECT_EQ(copies_of(h), 200);
}

// A peer may take more for a flood.
TEST(Hedge, NoMoreThan500CopiesASecondForLong) {
  hedge h(hedging::always);
  h.on_bulk(1'000'000'000);
  int sent = 0;
  for (timestamp now = 1s; now < 101s; now += 1ms) {
    if (!h.may_copy(10, now)) continue;
    h.on_copy(10);
    ++sent;
  }
  EXPECT_NEAR(sent, 500 * 100 + 2000, 10);
}

TEST(Hedge, FewWait) {
  hedge h(hedging::always);
  for (std::uint64_t i = 0; i < 1000; ++i) h.add({sent_segment{1, i, 1}, 20, 7, 1s});
  EXPECT_EQ(h.size(), 64U);
  const hedge::message first = h.take();
  EXPECT_EQ(std::get<sent_segment>(first.what).number, 0U);
  EXPECT_EQ(first.path, 7U);
  EXPECT_FALSE(hedge::stale(first, 1050ms));
  EXPECT_TRUE(hedge::stale(first, 1051ms));
}

}  // namespace
}  // namespace mtcp::core::test
