// Networks that watch connections: the simulated ones do to each what they are said to do.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
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

TEST(Watched, AConnectionFadesAfterItsBytes) {
  plan p = endless_download(1);
  p.paths[0].down.fades_after = 64 * mega;
  p.paths[0].down.faded_rate = 1 * mega;
  p.redial.reset();  // the client would replace it
  tunnel run(p);
  EXPECT_GT(rate_between(run, 1s, 3s), 18.0 * mega);  // 64 MB take 3.2 s
  EXPECT_LT(rate_between(run, 6s, 8s), 1.1 * mega);
}

TEST(Watched, AConnectionFadesAtItsAge) {
  plan p = endless_download(1);
  p.paths[0].watched.fades_at = 5s;
  p.paths[0].down.faded_rate = p.paths[0].up.faded_rate = 2 * mega;
  tunnel run(p);
  EXPECT_GT(rate_between(run, 2s, 4500ms), 18.0 * mega);
  EXPECT_LT(rate_between(run, 7s, 8s), 2.1 * mega);
}

TEST(Watched, AllConnectionsOfAPathShareItsCommonRate) {
  plan p = endless_download(4);
  p.paths[0].down.common_rate = 30 * mega;
  tunnel run(p);
  const double rate = rate_between(run, 2s, 3s);
  EXPECT_GT(rate, 28.0 * mega);
  EXPECT_LT(rate, 30.1 * mega);
}

// Far more bridges than the line has room for: what TCP takes from them sets off what it is offered next.
TEST(Watched, ManyConnectionsFillTheCommonRate) {
  plan p = endless_download(8);
  p.connection.control = congestion::control::bbr;
  p.paths[0].up.common_rate = p.paths[0].down.common_rate = 20 * mega;
  tunnel run(p);
  EXPECT_GT(rate_between(run, 2s, 5s), 18.0 * mega);
  EXPECT_TRUE(run.log().failures().empty());
}

TEST(Watched, AConnectionVanishesAtItsAgeAndIsReplaced) {
  plan p = endless_download(1);
  p.paths[0].watched.dies_at = 5s;
  tunnel run(p);
  EXPECT_GT(rate_between(run, 2s, 5s), 18.0 * mega);
  run.run_until(20s);
  EXPECT_GE(run.count().dialled, 3U);
}

TEST(Watched, AConnectionFreezesBehindItsBytes) {
  plan p = endless_download(1);
  p.paths[0].down.freezes_after = 1 * mega;
  p.redial.reset();
  tunnel run(p);
  run.run_until(10s);
  EXPECT_LT(downloaded(run), 1.1 * mega);
  EXPECT_GT(downloaded(run), 0.5 * mega);
}

bool only_small_packets(const tunnel& run) {
  tunnel_snapshot told;
  run.client().describe(told, timestamp{0});
  return told.paths.at(0).found.only_small_packets;
}

TEST(Watched, ALinkThatTakesOnlySmallPacketsIsNamed) {
  for (auto direction : {&path_plan::down, &path_plan::up}) {
    plan p = endless_download(4);
    if (direction == &path_plan::up) std::swap(p.streams[0].client.send, p.streams[0].server.send);
    (p.paths[0].*direction).largest = 1'000;
    tunnel run(p);
    run.run_until(30s);
    EXPECT_TRUE(only_small_packets(run));
  }
}

TEST(Watched, NothingIsSaidOfPacketsWhereConnectionsFreezeOrDie) {
  plan frozen = endless_download(4);
  frozen.paths[0].down.freezes_after = 16 * 1024;
  plan dying = endless_download(4);
  dying.paths[0].watched.dies_at = 5s;
  plan slow = endless_download(4);
  slow.paths[0].down.narrow = slow.paths[0].up.narrow = {.rate = 10'000, .queue = 256'000};
  for (const plan& p : {frozen, dying, slow}) {
    tunnel run(p);
    run.run_until(20s);
    EXPECT_FALSE(only_small_packets(run));
  }
}

TEST(Watched, ANatForgetsConnectionsThatAreIdle) {
  plan p = endless_download(1);
  p.streams.clear();
  p.paths[0].watched.forgets_after = 10s;  // bridges are PINGed every 25 s
  tunnel run(p);
  run.run_until(24s);
  EXPECT_EQ(run.count().dialled, 1U);
  run.run_until(60s);
  EXPECT_GE(run.count().dialled, 2U);
}

// ---- networks that count connections, or how soon they come ----

/// Idle: what counts is which bridges are up.
plan idle(unsigned bridges) {
  plan p = endless_download(bridges);
  p.streams.clear();
  return p;
}

/// The same where a SYN that comes sooner than that after the one before blocks all for a minute.
plan idle_where_syns_block(duration gap) {
  plan p = idle(8);
  p.paths[0].watched.syn_gap = gap;
  p.paths[0].watched.block = 60s;
  return p;
}

TEST(DialsOnLines, SynsThatComeTooSoonBlockOnceAndNeverAgain) {
  for (const duration gap : {800ms, 1250ms, 1900ms}) {
    tunnel run(idle_where_syns_block(gap));
    run.run_until(30s);
    EXPECT_EQ(run.client().bridge_count(), 1U);
    EXPECT_LE(run.count().dialled, 8U) << "a block is not answered by trying harder";
    run.run_until(90s);
    EXPECT_EQ(run.client().bridge_count(), 8U);
    run.run_until(1h);
    EXPECT_EQ(run.client().bridge_count(), 8U);
    EXPECT_EQ(run.count().blocks, 1U);
  }
}

TEST(DialsOnLines, GivenPaceSetsOffNoBlock) {
  plan p = idle_where_syns_block(1250ms);
  p.paths[0].pace = 1400ms;
  tunnel run(p);
  run.run_until(13s);
  EXPECT_EQ(run.client().bridge_count(), 8U);
  EXPECT_EQ(run.count().blocks, 0U);
}

TEST(DialsOnLines, NoBlockFollowsAnOutageWhereOneWasLearnt) {
  plan p = idle_where_syns_block(1250ms);
  p.faults = {{.at = 100s, .path = 0, .what = fault::kind::reset}};
  tunnel run(p);
  run.run_until(99s);
  EXPECT_EQ(run.client().bridge_count(), 8U);
  run.run_until(130s);
  EXPECT_EQ(run.client().bridge_count(), 8U);
  EXPECT_EQ(run.count().blocks, 1U);
}

TEST(DialsOnLines, LimitOnTheirNumberIsFoundAndHeld) {
  plan p = idle(6);
  p.paths[0].watched.connections = 4;
  tunnel run(p);
  run.run_until(30s);
  EXPECT_EQ(run.client().bridge_count(), 4U);
  const std::size_t dialled = run.count().dialled;
  run.run_until(30s + 1h);
  EXPECT_EQ(run.client().bridge_count(), 4U);
  EXPECT_LE(run.count().dialled - dialled, 60U) << "one vain dial a minute";
}

TEST(DialsOnLines, LimitThatFreezesAllConnectionsIsFoundAndHeld) {
  plan p = idle(6);
  p.paths[0].watched.connections = 4;
  p.paths[0].watched.punishes = true;
  tunnel run(p);
  run.run_until(5min);
  std::size_t whole = 0;
  for (int minute = 6; minute <= 65; ++minute) {
    run.run_until(minute * 1min);
    whole += run.client().bridge_count() == 4 ? 1 : 0;
  }
  EXPECT_GE(whole, 55U) << "of 60 minutes";
}

// ---- rotation: what a download reaches, of what the same line gives to connections that it leaves alone ----

/// A line of 8 MB/s that gives each connection 2 MB/s.
plan narrow_download() {
  plan p = download_plan("rotation", {{2.0 * mega, 40ms}}, UINT64_MAX / 2);
  p.redial = 100ms;
  path_plan& path = p.paths[0];
  path.bridges = 4;
  path.rotate = {};
  path.up.common_rate = path.down.common_rate = 8 * mega;
  return p;
}

double share_of_the_line(const plan& p, timestamp from = 10s, timestamp to = 60s) {
  tunnel watched(p), alone(narrow_download());
  const double share = rate_between(watched, from, to) / rate_between(alone, from, to);
  const actor::account& reader = watched.streams().all()[0]->client.result();
  std::printf("%.1f %% of the line, longest pause %ld ms, %zu dials\n", 100 * share,
              static_cast<long>(reader.longest_pause / 1ms), watched.count().dialled);
  EXPECT_TRUE(watched.log().failures().empty());
  return share;
}

TEST(RotationOnLines, ALineThatStaysAsItIsCostsNothing) {
  plan without = narrow_download();
  without.paths[0].rotate.when = rotation_options::mode::off;
  tunnel run(narrow_download());
  const double rate = rate_between(run, 10s, 60s);
  EXPECT_EQ(run.count().dialled, 4U);
  tunnel plain(without);
  EXPECT_GE(rate, 0.99 * rate_between(plain, 10s, 60s));
}

TEST(RotationOnLines, FadesAfterBytesDown) {
  plan p = narrow_download();
  p.paths[0].down.fades_after = 6'400'000;
  p.paths[0].down.faded_rate = 100'000;
  EXPECT_GE(share_of_the_line(p), 0.95);
}

TEST(RotationOnLines, FadesAtAnAge) {
  plan p = narrow_download();
  p.paths[0].watched.fades_at = 10s;
  p.paths[0].down.faded_rate = p.paths[0].up.faded_rate = 200'000;
  EXPECT_GE(share_of_the_line(p), 0.95);
}

TEST(RotationOnLines, VanishesAtAnAge) {
  plan p = narrow_download();
  p.paths[0].watched.dies_at = 20s;
  EXPECT_GE(share_of_the_line(p), 0.95);
}

// Its rate falls for all, and no successor is any better.
TEST(RotationOnLines, ALineThatBecomesSlowForAllIsTriedRarely) {
  plan p = narrow_download();
  p.faults = {{.at = 10s, .path = 0, .what = fault::kind::rate, .value = 300'000, .persistent = true}};
  tunnel run(p);
  run.run_until(120s);
  EXPECT_LE(run.count().dialled, 20U);
}

/// One line that all bridges share: some have less than others for a while, and with BBR all pause at once every ten
/// seconds.
plan contended_download(congestion::control control, unsigned bridges, duration round_trip) {
  plan p = download_plan("contended", {{4.0 * mega, round_trip}}, UINT64_MAX / 2);
  p.redial = 100ms;
  p.connection.control = control;
  path_plan& path = p.paths[0];
  path.bridges = bridges;
  path.shared = 0;
  path.rotate = {};
  return p;
}

TEST(RotationOnLines, ALineThatItsBridgesContendForIsLeftAlone) {
  for (const auto control : {congestion::control::bbr, congestion::control::cubic, congestion::control::reno})
    for (const duration round_trip : {duration(40ms), duration(200ms)}) {
      tunnel run(contended_download(control, 8, round_trip));
      run.run_until(100s);
      std::printf("%d, %ld ms: %zu dials\n", static_cast<int>(control), static_cast<long>(round_trip / 1ms),
                  run.count().dialled);
      EXPECT_LE(run.count().dialled, 8U + 2 * 8U);
    }
}

// ---- connections that freeze after some bytes ----

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
