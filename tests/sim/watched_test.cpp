// Networks that watch connections: the simulated ones do to each what they are said to do.
#include <gtest/gtest.h>

#include <memory>

#include "sim/goodput.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mega = 1'000'000;

plan endless_download(unsigned bridges) {
  plan p = download_plan("watched", {{20.0 * mega, 40ms}}, UINT64_MAX / 2);
  p.redial = 100ms;
  p.paths[0].bridges = bridges;
  return p;
}

double rate_between(tunnel& run, timestamp from, timestamp to) {
  run.run_until(from);
  const std::uint64_t before = downloaded(run);
  run.run_until(to);
  return static_cast<double>(downloaded(run) - before) * 1e9 / static_cast<double>((to - from).count());
}

TEST(watched, a_connection_fades_after_its_bytes) {
  plan p = endless_download(1);
  p.paths[0].down.fades_after = 64 * mega;
  p.paths[0].down.faded_rate = 1 * mega;
  p.redial.reset();  // the client would replace it
  tunnel run(p);
  EXPECT_GT(rate_between(run, 1s, 3s), 18.0 * mega);  // 64 MB take 3.2 s
  EXPECT_LT(rate_between(run, 6s, 8s), 1.1 * mega);
}

TEST(watched, a_connection_fades_at_its_age) {
  plan p = endless_download(1);
  p.paths[0].watched.fades_at = 5s;
  p.paths[0].down.faded_rate = p.paths[0].up.faded_rate = 2 * mega;
  tunnel run(p);
  EXPECT_GT(rate_between(run, 2s, 4500ms), 18.0 * mega);
  EXPECT_LT(rate_between(run, 7s, 8s), 2.1 * mega);
}

TEST(watched, all_connections_of_a_path_share_its_common_rate) {
  plan p = endless_download(4);
  p.paths[0].down.common_rate = 30 * mega;
  tunnel run(p);
  const double rate = rate_between(run, 2s, 6s);
  EXPECT_GT(rate, 28.0 * mega);
  EXPECT_LT(rate, 30.1 * mega);
}

TEST(watched, a_connection_vanishes_at_its_age_and_is_replaced) {
  plan p = endless_download(1);
  p.paths[0].watched.dies_at = 5s;
  tunnel run(p);
  EXPECT_GT(rate_between(run, 2s, 5s), 18.0 * mega);
  run.run_until(20s);
  EXPECT_GE(run.count().dialled, 3U);
}

TEST(watched, a_connection_freezes_behind_its_bytes) {
  plan p = endless_download(1);
  p.paths[0].down.freezes_after = 1 * mega;
  p.redial.reset();
  tunnel run(p);
  run.run_until(10s);
  EXPECT_LT(downloaded(run), 1.1 * mega);
  EXPECT_GT(downloaded(run), 0.5 * mega);
}

TEST(watched, a_nat_forgets_connections_that_are_idle) {
  plan p = endless_download(1);
  p.streams.clear();
  p.paths[0].watched.forgets_after = 10s;  // bridges are PINGed every 25 s
  tunnel run(p);
  run.run_until(24s);
  EXPECT_EQ(run.count().dialled, 1U);
  run.run_until(60s);
  EXPECT_GE(run.count().dialled, 2U);
}

TEST(watched, syns_that_come_too_soon_block_those_that_follow) {
  plan p = endless_download(4);
  p.paths[0].watched.syn_gap = 1250ms;
  p.paths[0].watched.block = 60s;
  tunnel run(p);
  run.run_until(30s);
  EXPECT_EQ(run.client().bridge_count(), 1U);
}

TEST(watched, more_connections_than_allowed_never_come_up) {
  plan p = endless_download(6);
  p.paths[0].watched.connections = 4;
  tunnel run(p);
  run.run_until(30s);
  EXPECT_EQ(run.client().bridge_count(), 4U);
}

TEST(watched, one_connection_too_many_freezes_all_where_that_is_the_rule) {
  plan p = endless_download(6);
  p.paths[0].watched.connections = 4;
  p.paths[0].watched.punishes = true;
  tunnel run(p);
  run.run_until(9s);
  EXPECT_EQ(downloaded(run), 0U);
}

}  // namespace
}  // namespace mtcp::sim
