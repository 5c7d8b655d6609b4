// Never below the best lines alone: whatever the third line is like. tests/bench/line_sets_bench.cpp takes more seeds.
#include "sim/line_sets.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "sim/goodput.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

TEST(LineSets, ABadLineDoesNotSlowDownTheGoodOnes) {
  constexpr std::uint64_t seeds = 12;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const line_set set = draw_line_set(seed, 0);
    const measurement all = measure(set.all, 2s, 32s);
    const measurement good = measure(set.good, 2s, 32s);
    std::printf("%2d %.3f, longest pause %4ld ms and %3ld ms: %s\n", static_cast<int>(seed), all.rate / good.rate,
                static_cast<long>(all.longest_pause / 1ms), static_cast<long>(good.longest_pause / 1ms),
                set.what.c_str());
    EXPECT_GE(all.rate, 0.97 * good.rate) << seed;
    EXPECT_LE(all.longest_pause, good.longest_pause + 1200ms) << seed;
    sum += all.rate / good.rate;
  }
  EXPECT_GE(sum / seeds, 1.0);
}

TEST(LineSets, ABadLineDoesNotDelayTheLastByte) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const line_set set = draw_line_set(seed, 20'000'000);
    const double all = completion(set.all), good = completion(set.good);
    std::printf("%2d %.3f: %s\n", static_cast<int>(seed), good / all, set.what.c_str());
    EXPECT_LE(all, good / 0.95) << seed;
  }
}

}  // namespace
}  // namespace mtcp::sim
