// Connections that freeze after some bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "sim/goodput.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mega = 1'000'000;

/// 16 bridges of 20 MB/s at 50 ms.
plan short_lived(unsigned bridges = 16) {
  plan p = download_plan("short-lived", {{20.0 * mega, 50ms}}, UINT64_MAX / 2);
  p.redial = 100ms;
  p.paths[0].bridges = bridges;
  p.paths[0].rotate = {};
  return p;
}

struct moved {
  double rate;  ///< bytes per second
  duration longest_pause;
};

/// `bytes_of` tells how much of the transfer has arrived.
template <class Count>
moved moved_between(const plan& p, timestamp from, timestamp to, Count bytes_of) {
  tunnel run(p);
  run.run_until(from);
  const std::uint64_t before = bytes_of(run);
  const std::size_t dials = run.count().dialled;
  moved m{};
  std::uint64_t last = before;
  timestamp moved_at = from;
  for (timestamp t = from; t < to; t += 10ms) {
    run.run_until(t);
    if (bytes_of(run) != last) moved_at = t;
    m.longest_pause = std::max(m.longest_pause, t - moved_at);
    last = bytes_of(run);
  }
  m.rate = static_cast<double>(last - before) * 1e9 / static_cast<double>((to - from).count());
  std::printf("%.2f MB/s, longest pause %ld ms, %zu dials\n", m.rate / mega, static_cast<long>(m.longest_pause / 1ms),
              run.count().dialled - dials);
  EXPECT_TRUE(run.log().failures().empty());
  return m;
}

std::uint64_t uploaded(const tunnel& run) { return run.streams().all()[0]->server.result().read; }

moved download_where_connections_freeze_after(std::uint64_t bytes) {
  plan p = short_lived();
  p.paths[0].down.freezes_after = bytes;
  const duration until = bytes < 1'000'000 ? 30s : 13s;  // much is carried: a second says enough
  return moved_between(p, 10s, until, [](const tunnel& run) { return downloaded(run); });
}

TEST(ShortLivedBridges, FreezeAfter10KBDown) {
  const moved m = download_where_connections_freeze_after(10'000);
  EXPECT_GE(m.rate, 0.5 * mega);
  EXPECT_LE(m.longest_pause, 1s);
}

// Ideal are 1.44 MB/s: 13.5 KB in three round trips on each.
TEST(ShortLivedBridges, FreezeAfter16KiBDown) {
  const moved m = download_where_connections_freeze_after(16 << 10);
  EXPECT_GE(m.rate, 1.0 * mega);
  EXPECT_LE(m.longest_pause, 1s);
}

// TCP's window takes two round trips more to grow to that. Bridges that are half used up no longer count among the 16,
// so more are open at once.
TEST(ShortLivedBridges, FreezeAfter64KiBDown) {
  const moved m = download_where_connections_freeze_after(64 << 10);
  EXPECT_GE(m.rate, 3.0 * mega);
  EXPECT_LE(m.longest_pause, 1s);
}

TEST(ShortLivedBridges, FreezeAfter1MBDown) {
  const moved m = download_where_connections_freeze_after(1'000'000);
  EXPECT_GE(m.rate, 25.0 * mega);
  EXPECT_LE(m.longest_pause, 1s);
}

TEST(ShortLivedBridges, FreezeAfter4MBDown) {
  const moved m = download_where_connections_freeze_after(4'000'000);
  EXPECT_GE(m.rate, 60.0 * mega);
  EXPECT_LE(m.longest_pause, 1s);
}

TEST(ShortLivedBridges, FreezeAfter16KiBUp) {
  plan p = short_lived();
  p.paths[0].up.freezes_after = 16 << 10;
  p.streams[0].server.send = 0;
  p.streams[0].client.send = UINT64_MAX / 2;
  const moved m = moved_between(p, 10s, 30s, uploaded);
  EXPECT_GE(m.rate, 0.9 * mega);
  EXPECT_LE(m.longest_pause, 1s);
}

// Ids, records of bridges, and memory stay what they are.
TEST(ShortLivedBridges, AnHourOfThemLeavesNothingBehind) {
  plan p = short_lived(2);
  p.paths[0].down.freezes_after = 16 << 10;
  p.streams[0].client.read_rate = 30'000;
  tunnel run(p);
  run.run_until(1h);
  EXPECT_GT(downloaded(run), 90'000'000U);
  EXPECT_GT(run.count().dialled, 5'000U);
  for (const core::engine* e : {&run.client_engine(), &run.server_engine()}) {
    EXPECT_LE(e->unsettled().size(), 4U);
    EXPECT_LE(e->bridge_id_ranges(), 4U);
    EXPECT_LE(e->bridge_ids_kept(), 16U);
  }
  EXPECT_TRUE(run.log().failures().empty());
}

TEST(ShortLivedBridges, ALineThatStaysAsItIsCostsNothing) {
  plan without = short_lived();
  without.paths[0].rotate.when = rotation_options::mode::off;
  const auto download = [](const tunnel& run) { return downloaded(run); };
  const moved plain = moved_between(without, 2s, 3s, download);
  tunnel run(short_lived());
  EXPECT_GE(rate_between(run, 2s, 3s), 0.99 * plain.rate);
  EXPECT_EQ(run.count().dialled, 16U);
}

}  // namespace
}  // namespace mtcp::sim
