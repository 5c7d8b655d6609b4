// --bridges auto: as many as the network rewards.
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/deployment.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

std::ptrdiff_t open_ones(const std::vector<crossing>& all) {
  return std::count_if(all.begin(), all.end(), [](const crossing& c) { return c.open; });
}

/// A download that lasts until the number of bridges has been right for a while, or too long.
bool settles_at(std::ptrdiff_t least, std::ptrdiff_t most, double rate, double rate_of_all,
                std::chrono::seconds limit) {
  const origin web;
  deployment halves({.lines = {.rate_up = rate, .rate_down = rate, .rate_of_all = rate_of_all, .delay = 5ms},
                     .bridges = 4,
                     .tuned = true});
  const auto endless = static_cast<std::uint64_t>(rate_of_all * 120);
  const auto running = transfer::download(halves, web.url(""), endless);
  return halves.lines().wait([&](const auto& all) { return open_ones(all) >= least && open_ones(all) <= most; }, limit);
}

TEST(BridgeCount, GrowsToWhatTheNetworkRewards) {
  const double rate = 3e6 * machine_speed;
  EXPECT_TRUE(settles_at(8, 10, rate, 8 * rate, 15s));
}

TEST(BridgeCount, ShrinksToTwoWhereOneFillsTheLine) { EXPECT_TRUE(settles_at(2, 2, 3e6, 3e6, 30s)); }

}  // namespace
}  // namespace mtcp::lab
