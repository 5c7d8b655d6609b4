// Rotation where a network watches connections: what a download reaches, of what the same line gives to connections
// that are left alone.
#include <gtest/gtest.h>

#include <cstdio>

#include "sim/goodput.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mega = 1'000'000;

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
  EXPECT_GE(share_of_the_line(p), 0.93);
}

/// A line of 80 MB/s that gives each connection 20 MB/s, or `rate`.
plan quick_download(congestion::control control, std::uint64_t seed, duration round_trip = 40ms,
                    double rate = 20.0 * mega) {
  plan p = download_plan("rotation", {{rate, round_trip}}, UINT64_MAX / 2);
  p.redial = 100ms;
  p.seed = seed;
  p.connection.control = control;
  path_plan& path = p.paths[0];
  path.bridges = 4;
  path.rotate = {};
  path.up.common_rate = path.down.common_rate = 80 * mega;
  return p;
}

/// The same, on which each has that for its first 64 MB.
plan quick_fade(congestion::control control, std::uint64_t seed, duration round_trip = 40ms) {
  plan p = quick_download(control, seed, round_trip);
  p.paths[0].down.fades_after = 64 * mega;
  p.paths[0].down.faded_rate = 1 * mega;
  return p;
}

/// Seeds of a quick line whose packets are lost where it fades: connections fall silent then, some for good, all at
/// once or one after the other, and the line as a whole pauses now and then.
struct rough_fade {
  congestion::control control;
  std::uint64_t seed;
};

void PrintTo(const rough_fade& of, std::ostream* out) {
  *out << (of.control == congestion::control::bbr ? "bbr" : "cubic") << ", seed " << of.seed;
}

class RoughFades : public testing::TestWithParam<rough_fade> {};

TEST_P(RoughFades, CostLittle) {
  tunnel run(quick_fade(GetParam().control, GetParam().seed));
  const double rate = rate_between(run, 10s, 20s);
  const actor::account& reader = run.streams().all()[0]->client.result();
  std::printf("%.1f MB/s, longest pause %ld ms\n", rate / mega, static_cast<long>(reader.longest_pause / 1ms));
  EXPECT_GE(rate, 0.7 * 80 * mega);
  EXPECT_LE(reader.longest_pause, 500ms);
  EXPECT_TRUE(run.log().failures().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoughFades,
                         testing::Values(rough_fade{congestion::control::cubic, 5},
                                         rough_fade{congestion::control::cubic, 43},
                                         rough_fade{congestion::control::bbr, 5},
                                         rough_fade{congestion::control::bbr, 30}));

/// From 10 s on, in MB/s.
void expect_rate(const plan& p, double wanted) {
  tunnel run(p);
  const double rate = rate_between(run, 10s, 30s) / mega;
  const actor::account& reader = run.streams().all()[0]->client.result();
  std::printf("%.1f MB/s, longest pause %ld ms\n", rate, static_cast<long>(reader.longest_pause / 1ms));
  EXPECT_GE(rate, wanted);
  EXPECT_TRUE(run.log().failures().empty());
}

// What is in flight on a bridge takes seconds when it has faded. Where acknowledgements waited behind that the peer
// took all bridges for silent, and faded ones for frozen: 37 to 50 MB/s, and pauses of 1.8 s.
TEST(RotationOnLines, FadesOfFarConnections) {
  for (const std::uint64_t seed : {1, 2}) expect_rate(quick_fade(congestion::control::bbr, seed, 200ms), 48);
}

// Bridges that took the usual wait of packets for a queue stopped growing: 45 to 60 MB/s.
TEST(RotationOnLines, FadesWherePacketsJitter) {
  plan p = quick_fade(congestion::control::bbr, 1);
  p.paths[0].jitter = 15ms;
  expect_rate(p, 64);
}

// All are of one age the first time.
TEST(RotationOnLines, AllVanishTogetherOnce) {
  plan p = quick_download(congestion::control::bbr, 1);
  p.paths[0].watched.dies_at = 20s;
  tunnel run(p);
  const actor::account& reader = run.streams().all()[0]->client.result();
  run.run_until(38s);
  EXPECT_LE(reader.longest_pause, 700ms);
  const auto before = reader.pause_ended;
  run.run_until(60s);
  std::printf("longest pause %ld ms\n", static_cast<long>(reader.longest_pause / 1ms));
  EXPECT_EQ(reader.pause_ended, before) << "none of their successors' was as long";
}

// One cannot be dialled beside the others: it stayed at what faded ones carry, 4 MB/s.
TEST(RotationOnLines, FadesWhereNoMoreConnectionsMayExist) {
  plan p = quick_fade(congestion::control::bbr, 1);
  p.paths[0].watched.connections = 4;
  expect_rate(p, 60);
}

// A SYN that came too soon has blocked all others for a minute: the bridge that is left may not go to make room for one
// that will not come.
TEST(RotationOnLines, FadesWhereDialsAreBlocked) {
  plan p = quick_fade(congestion::control::bbr, 1);
  p.paths[0].watched.syn_gap = 1250ms;
  p.paths[0].watched.block = 60s;
  tunnel run(p);
  run.run_until(64s);
  EXPECT_LE(run.streams().all()[0]->client.result().longest_pause, 500ms);
  EXPECT_GE(rate_between(run, 64s, 84s) / mega, 20);
}

// A connection that lasts for 1.6 s is replaced all the time, which is no reason not to look for more: 40 to 50 MB/s.
TEST(RotationOnLines, ShortLivesDoNotHideThatMoreBridgesWouldHelp) {
  plan p = quick_download(congestion::control::bbr, 1, 40ms, 10.0 * mega);
  p.paths[0].tune = true;
  p.paths[0].down.fades_after = 16 * mega;
  p.paths[0].down.faded_rate = 1 * mega;
  expect_rate(p, 60);
}

// More bridges than fill it: a doubt that ended on the way to its proof put off the next one for 40 s: 18 MB/s.
TEST(RotationOnLines, FadesOfMoreBridgesThanFillTheLine) {
  for (const std::uint64_t seed : {1, 4}) {
    plan p = quick_fade(congestion::control::bbr, seed);
    p.paths[0].bridges = 8;
    expect_rate(p, 65);
  }
}

// As those that share a full line will, some of them have carried about as much as each other then: 44 MB/s.
TEST(RotationOnLines, FadesAtAnAgeOfMoreBridgesThanFillTheLine) {
  plan p = quick_download(congestion::control::bbr, 4);
  p.paths[0].bridges = 8;
  p.paths[0].watched.fades_at = 15s;
  p.paths[0].down.faded_rate = p.paths[0].up.faded_rate = 2 * mega;
  tunnel run(p);
  EXPECT_GE(rate_between(run, 10s, 60s) / mega, 68);
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

}  // namespace
}  // namespace mtcp::sim
