#include <gtest/gtest.h>

#include "client/line/rate_series.hpp"

namespace mtcp::client::line {
namespace {

/// Pieces of `piece` bytes, evenly, from one time to another, at `rate`; returns the sum.
std::uint64_t arrive(rate_series& into, double from, double to, double rate, std::uint64_t piece,
                     std::uint64_t before = 0) {
  const double step = static_cast<double>(piece) / rate;
  for (int i = 1; from + i * step <= to + 1e-9; ++i) into.add(from + i * step, before += piece);
  return before;
}

TEST(RateSeries, LeavesTheStartOut) {
  rate_series s;
  s.add(0, 0);
  const auto slow = arrive(s, 0, 1, 1e5, 1000);
  arrive(s, 1, 3, 1e6, 1000, slow);
  EXPECT_NEAR(s.rate(1, 3), 1e6, 2e4);
}

TEST(RateSeries, IsRightWithFewPieces) {
  rate_series s;
  s.add(0, 0);
  arrive(s, 0, 3, 1e4, 4096);  // one every 0.41 s
  EXPECT_NEAR(s.rate(1, 3), 1e4, 100);
}

TEST(RateSeries, CountsSilenceAtTheEnd) {
  rate_series s;
  s.add(0, 0);
  arrive(s, 0, 2, 1e6, 10'000);
  EXPECT_NEAR(s.rate(1, 3), 5e5, 2e4);
}

TEST(RateSeries, IsZeroWithoutArrivals) {
  rate_series s;
  EXPECT_EQ(s.rate(0, 3), 0);
  s.add(0, 0);
  EXPECT_EQ(s.rate(0, 3), 0);
  EXPECT_FALSE(s.find_fade(3));
}

TEST(RateSeries, StaysSmallHoweverMuchArrives) {
  rate_series s;
  for (int i = 0; i < 100'000; ++i) s.add(i * 1e-6, static_cast<std::uint64_t>(i) * 1000);
  EXPECT_NEAR(s.rate(0, 0.1), 1e9, 3e8);
}

TEST(RateSeries, FindsAFade) {
  rate_series s;
  s.add(0, 0);
  const auto fast = arrive(s, 0, 1.5, 1e7, 10'000);
  arrive(s, 1.5, 3, 1e6, 10'000, fast);
  const auto found = s.find_fade(3);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->bytes, 1.5e7, 5e5);
  EXPECT_NEAR(found->seconds, 1.5, 0.1);
  EXPECT_NEAR(found->before, 1e7, 5e5);
  EXPECT_NEAR(found->after, 1e6, 2e5);
}

TEST(RateSeries, TakesALongSilenceForAnEnd) {
  rate_series s;
  s.add(0, 0);
  arrive(s, 0, 0.1, 1.6e5, 1000);  // frozen after 16 kB
  const auto found = s.find_fade(3);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->bytes, 16e3, 1e3);
  EXPECT_EQ(found->after, 0);
}

TEST(RateSeries, TakesNeitherASteadyRateNorABurstForAFade) {
  rate_series steady, burst, rising;
  for (rate_series* s : {&steady, &burst, &rising}) s->add(0, 0);
  arrive(steady, 0, 3, 1e6, 10'000);
  EXPECT_FALSE(steady.find_fade(3));
  const auto first = arrive(burst, 0, 0.05, 1e7, 10'000);
  arrive(burst, 0.05, 3, 2e6, 10'000, first);
  EXPECT_FALSE(burst.find_fade(3));
  const auto slow = arrive(rising, 0, 1, 1e5, 1000);
  arrive(rising, 1, 3, 1e7, 10'000, slow);
  EXPECT_FALSE(rising.find_fade(3));
}

TEST(Spread, IsThatOfTheSample) {
  EXPECT_EQ(spread_of({}), 0);
  EXPECT_EQ(spread_of({5}), 0);
  EXPECT_EQ(spread_of({0, 0}), 0);
  EXPECT_NEAR(spread_of({1, 2, 3}), 0.5, 1e-9);
}

TEST(Median, IsTheMiddleOne) {
  EXPECT_FALSE(median_of({}));
  EXPECT_EQ(median_of({3, 1, 2}), 2);
  EXPECT_EQ(median_of({7}), 7);
}

}  // namespace
}  // namespace mtcp::client::line
