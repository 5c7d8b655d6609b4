// --bridges auto: as many as the network rewards.
#include <gtest/gtest.h>

#include <thread>

#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/stall_watch.hpp"

namespace mtcp::lab {
namespace {

using clock = std::chrono::steady_clock;

// Longer than a trial of one bridge more or less.
constexpr auto for_good = 2s;
constexpr auto glance = 100ms;

/// Whether the path has, during a download, between `least` and `most` bridges, soon and for a while.
bool settles_once(unsigned least, unsigned most, double rate, double rate_of_all, clock::duration soon) {
  const origin web;
  deployment halves(
      with_status({.lines = {.rate_up = rate, .rate_down = rate, .rate_of_all = rate_of_all, .delay = 5ms},
                   .bridges = 4,
                   .tuned = true}));
  const auto endless = static_cast<std::uint64_t>(rate_of_all * 200);
  const auto running = transfer::download(halves, web.url(""), endless);
  const auto begin = clock::now();
  for (auto since = begin; since < begin + soon; std::this_thread::sleep_for(glance)) {
    const auto path = stats(halves.client())["tunnel"]["paths"][0];
    const unsigned wanted = path["bridges_wanted"], up = path["bridges_up"];
    std::printf("%.1f s: %u bridges wanted, %u up\n", std::chrono::duration<double>(clock::now() - begin).count(),
                wanted, up);
    const bool right = wanted >= least && wanted <= most && up >= least;
    if (!right) since = clock::now();
    if (clock::now() > since + for_good) return true;
  }
  return false;
}

bool settles_at(unsigned least, unsigned most, double rate, double rate_of_all, clock::duration soon) {
  return holds_while_the_machine_runs([&] { return settles_once(least, most, rate, rate_of_all, soon); });
}

TEST(BridgeCount, GrowsToWhatTheNetworkRewards) {
  const double rate = 3e6 * machine_speed;
  if (machine_speed == 1)
    EXPECT_TRUE(settles_at(8, 14, rate, 8 * rate, 30s)) << "the last ones bring a few per cent, or cost as much";
  else
    EXPECT_TRUE(settles_at(5, 16, rate, 8 * rate, 60s)) << "a sanitizer has its own say in what one more is worth";
}

TEST(BridgeCount, ShrinksToTwoWhereOneFillsTheLine) {
  const double rate = 3e6;
  EXPECT_TRUE(settles_at(2, 2, rate, rate, 150s));
}

}  // namespace
}  // namespace mtcp::lab
