// Under loss and jitter a tunnel is as fast as the same connections without it. What single seeds differ by is far more
// than what is looked for, so the sums of several are compared; tests/bench/parity_bench.cpp takes more of them.
#include <gtest/gtest.h>

#include <cstdio>

#include "sim/parity.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;
using control = congestion::control;

void expect_parity(const cell& c, std::size_t seeds, double wanted) {
  const parity p = over_seeds(c, seeds);
  std::printf("%.3f of %.2f MB/s (>= %.2f; single seeds %.3f to %.3f), longest pause %ld ms, resent %.1f %%\n", p.total,
              p.plain / 1e6, wanted, p.low, p.high, static_cast<long>(p.longest_pause / 1ms),
              100 * p.retransmitted_share);
  EXPECT_GE(p.total, wanted);
}

TEST(Parity, Jitter) {
  expect_parity({.control = control::bbr, .rate = 2e6, .jitter = 15ms}, 4, 0.96);
  expect_parity({.control = control::cubic, .rate = 2e6, .jitter = 15ms}, 4, 0.96);
  expect_parity({.control = control::reno, .rate = 2e6, .jitter = 15ms}, 4, 0.97);
}

TEST(Parity, JitterOnFastLines) {
  expect_parity({.control = control::bbr, .rate = 10e6, .jitter = 15ms, .lasts = 10s}, 3, 0.96);
  expect_parity({.control = control::cubic, .rate = 10e6, .jitter = 15ms, .lasts = 10s}, 3, 0.92);
}

// Jitter looks like a queue at the first round trips: a bridge that stopped growing there carried 3 MB/s of 40 in these
// seconds.
TEST(Parity, JitterDoesNotHoldUpTheStart) {
  const cell c{.name = "start", .control = control::bbr, .rate = 10e6, .jitter = 15ms};
  const measurement m = measure(plan_of(c, 1), 500ms, 2s);
  std::printf("%.1f MB/s\n", m.rate / 1e6);
  EXPECT_GE(m.rate, 15e6);
}

// Nor do losses on a long way, as long as it is not known yet how late what TCP mends usually comes. The tunnel has
// greeted in the first second, while the plain connections were sending.
TEST(Parity, LossDoesNotHoldUpTheStart) {
  const cell c{.control = control::bbr, .rate = 1e6, .round_trip = 240ms, .loss = 0.005, .bridges = 8};
  double tunnel = 0, plain = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const plan p = plan_of(c, seed);
    tunnel += measure(p, 1s, 12s).rate;
    plain += plain_tcp(p.paths, 1s, 12s, p.connection, seed);
  }
  std::printf("%.3f of %.2f MB/s\n", tunnel / plain, plain / 6e6);
  EXPECT_GE(tunnel / plain, 0.69);
}

TEST(Parity, OnePercentLost) {
  expect_parity({.control = control::bbr, .rate = 2e6, .loss = 0.01}, 6, 0.985);
  expect_parity({.control = control::cubic, .rate = 2e6, .loss = 0.01}, 10, 0.95);
  expect_parity({.control = control::reno, .rate = 2e6, .loss = 0.01}, 10, 0.95);
}

TEST(Parity, HalfAPercentLostFarAway) {
  const auto far = [](control which) {
    return cell{.control = which, .rate = 1e6, .round_trip = 240ms, .loss = 0.005, .bridges = 8};
  };
  expect_parity(far(control::bbr), 3, 0.88);
  expect_parity(far(control::cubic), 16, 0.92);
  expect_parity(far(control::reno), 16, 0.90);
}

// `--bridges auto`: each connection is held to about 0.14 MB/s by its losses, so every one more adds as much.
TEST(TunedBridges, GoFarUpWhereLossesHoldEachOneBack) {
  plan p = plan_of({.control = control::cubic, .round_trip = 240ms, .loss = 0.005, .bridges = 1}, 1);
  p.redial = 100ms;
  p.streams.at(0).server.send = UINT64_MAX / 2;
  p.paths[0].bridges = 4;
  p.paths[0].tune = true;
  tunnel run(p);
  run.run_until(60s);
  const std::uint64_t before = downloaded(run);
  run.run_until(75s);
  const double rate = static_cast<double>(downloaded(run) - before) / 15;
  const std::vector<path_plan> plain(32, p.paths[0]);
  EXPECT_GE(run.client().bridge_count(), 40U);
  EXPECT_GE(rate, plain_tcp(plain, 20s, 35s, p.connection));
}

TEST(Parity, CleanLines) {
  expect_parity({.control = control::bbr, .rate = 2e6}, 1, 0.99);
  expect_parity({.control = control::cubic, .rate = 2e6}, 1, 0.99);
  expect_parity({.control = control::reno, .rate = 2e6}, 1, 0.99);
}

}  // namespace
}  // namespace mtcp::sim
