// When a busy connection is read next.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/net/read_pace.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t capacity = 256 * 1024;
constexpr std::size_t packet = 1400;

/// Reads a packet every `interval`, beginning at `begin`; says what the last one was told.
std::optional<core::timestamp> read_packets(read_pace& pace, int count, core::duration interval,
                                            core::timestamp begin) {
  std::optional<core::timestamp> next;
  for (int i = 0; i < count; ++i) next = pace.next(packet, capacity, begin + i * interval);
  return next;
}

TEST(ReadPace, LeavesASingleMessageAlone) {
  read_pace pace(40ms);
  EXPECT_FALSE(read_packets(pace, 1'000, 10ms, 1s));
}

TEST(ReadPace, LeavesAShortBurstAlone) {
  read_pace pace(40ms);
  for (core::timestamp burst = 1s; burst < 10s; burst += 40ms) EXPECT_FALSE(read_packets(pace, 6, 100us, burst));
}

TEST(ReadPace, PutsOffReadsThatComeCloseTogetherByA32ndOfTheRoundTrip) {
  read_pace pace(40ms);
  const auto next = read_packets(pace, 20, 70us, 1s);
  ASSERT_TRUE(next);
  const core::timestamp last = 1s + 19 * 70us;
  EXPECT_GT(*next, last);
  EXPECT_LE(*next, last + 40ms / 32);
}

TEST(ReadPace, NeverPutsOffByMoreThanTwoMilliseconds) {
  read_pace pace(600ms);
  const auto next = read_packets(pace, 20, 70us, 1s);
  ASSERT_TRUE(next);
  EXPECT_LE(*next, 1s + 19 * 70us + 2048us);
}

TEST(ReadPace, ReadsAllConnectionsInTheSameTurn) {
  read_pace near(40ms), far(300ms);
  const auto a = read_packets(near, 20, 70us, 1s), b = read_packets(far, 20, 90us, 1s + 300us);
  ASSERT_TRUE(a && b);
  core::timestamp reached = *a;
  for (int i = 0; i < 3 && reached != *b; ++i) {
    const auto next = near.next(packet, capacity, reached + 10us);  // a little late, as timers are
    ASSERT_TRUE(next);
    reached = *next;
  }
  EXPECT_EQ(reached, *b);
}

TEST(ReadPace, NeverPutsOffWhereTheRoundTripIsShortOrUnknown) {
  for (const core::duration round_trip : {0us, 50us, 5'000us}) {
    read_pace pace(round_trip);
    EXPECT_FALSE(read_packets(pace, 1'000, 10us, 1s));
  }
}

TEST(ReadPace, DoesNotPutOffWhatFillsAReadAnyhow) {
  read_pace pace(40ms);
  ASSERT_TRUE(read_packets(pace, 20, 70us, 1s));
  EXPECT_FALSE(pace.next(capacity, capacity, 1s + 2ms));
}

TEST(ReadPace, EndsWhenNothingComesForAWhile) {
  read_pace pace(40ms);
  auto next = read_packets(pace, 20, 70us, 1s);
  ASSERT_TRUE(next);
  int vain = 0;
  for (; next && vain < 100; ++vain) next = pace.next(0, capacity, *next);
  EXPECT_FALSE(next);
  EXPECT_LE(vain, 6);
  EXPECT_FALSE(pace.next(packet, capacity, 2s)) << "the first message after it is no burst";
}

TEST(ReadPace, OutlastsATickWithoutAPacket) {
  read_pace pace(40ms);
  const auto next = read_packets(pace, 20, 70us, 1s);
  ASSERT_TRUE(next);
  EXPECT_TRUE(pace.next(0, capacity, *next));
}

}  // namespace
}  // namespace mtcp::test
