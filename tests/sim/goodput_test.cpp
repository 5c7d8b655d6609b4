// Downloads through the whole tunnel, each against what its bridges could carry. The table that it prints is the
// measure of the scheduler.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "sim/goodput.hpp"
#include "sim/random.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

constexpr double mega = 1e6;
constexpr double mbit = 1e6 / 8;

double total(const std::vector<bridge_line>& bridges) {
  double sum = 0;
  for (const bridge_line& b : bridges) sum += b.rate;
  return sum;
}

void print(const char* what, double percent, double wanted, const measurement& m) {
  std::printf("%-46s %6.1f %%  (>= %4.1f)   longest pause %5ld ms   resent %4.1f %%\n", what, percent, wanted,
              static_cast<long>(m.longest_pause / 1ms), 100 * m.retransmitted_share);
}

// 15 s of a download, the first 3 of them for slow start.
void expect_share(const char* what, const std::vector<bridge_line>& bridges, double wanted) {
  const measurement m = measure(download_plan(what, bridges, 0), 3s, 15s);
  const double percent = 100 * m.rate / ideal(total(bridges));
  print(what, percent, wanted, m);
  std::printf("    the same connections without a tunnel: %.1f %%\n",
              100 * plain_tcp(paths_of(bridges), 3s, 15s) / ideal(total(bridges)));
  EXPECT_GE(percent, wanted);
  EXPECT_LE(percent, 100.5) << "the simulated network carries more than it may";
}

TEST(Goodput, FiveEqualBridges) { expect_share("5 x 20 MB/s, 40 ms", {5, {20 * mega, 40ms}}, 98); }
TEST(Goodput, EightEqualBridges) { expect_share("8 x 20 MB/s, 40 ms", {8, {20 * mega, 40ms}}, 98); }
TEST(Goodput, EightSlowBridges) { expect_share("8 x 1 MB/s, 80 ms", {8, {1 * mega, 80ms}}, 97); }
TEST(Goodput, EightDistantBridges) { expect_share("8 x 5 MB/s, 200 ms", {8, {5 * mega, 200ms}}, 97); }
TEST(Goodput, ThreeUnequalBridges) {
  expect_share("20/50/200 Mbit/s, 10/40/100 ms", {{20 * mbit, 10ms}, {50 * mbit, 40ms}, {200 * mbit, 100ms}}, 96);
}

// Many bridges over one line that is slow: alone they would be one too many for it. None of them may be taken for dead,
// and the stream must not wait for what the slowest of them was given.
void expect_shared(const char* what, const bridge_line& line, std::size_t bridges, double wanted,
                   std::size_t max_suspected = 0) {
  plan p = download_plan(what, {}, 0);
  p.paths = shared_line(line, bridges);
  const measurement m = measure(p, 5s, 25s);
  const double percent = 100 * m.rate / ideal(line.rate);
  print(what, percent, wanted, m);
  std::printf("    %zu suspected; the same connections without a tunnel: %.1f %%\n", m.suspected,
              100 * plain_tcp(p.paths, 5s, 25s) / ideal(line.rate));
  EXPECT_GE(percent, wanted);
  EXPECT_LE(m.longest_pause, 410ms);
  EXPECT_LE(m.suspected, max_suspected);
}

TEST(SharedLine, TwoBridges) {
  expect_shared("2 bridges over 0.6 MB/s, 40 ms", {0.6 * mega, 40ms}, 2, 96);
  expect_shared("2 bridges over 0.2 MB/s, 60 ms, queue of 1 s", {0.2 * mega, 60ms, 1s}, 2, 96);
}
TEST(SharedLine, FourBridges) {
  expect_shared("4 bridges over 0.2 MB/s, 60 ms, queue of 200 ms", {0.2 * mega, 60ms, 200ms}, 4, 96);
  expect_shared("4 bridges over 0.6 MB/s, 40 ms", {0.6 * mega, 40ms}, 4, 98);
  expect_shared("4 bridges over 0.6 MB/s, 40 ms, queue of 1 s", {0.6 * mega, 40ms, 1s}, 4, 98);
}
TEST(SharedLine, EightBridges) {
  // A bridge of 75 KB/s whose TCP waits for its retransmission timer does look silent: about 1.5 of them in 20 s, over
  // 120 lines of 0.5 to 0.7 MB/s and 36 to 44 ms.
  expect_shared("8 bridges over 0.6 MB/s, 40 ms", {0.6 * mega, 40ms}, 8, 95, 5);
  expect_shared("8 bridges over 0.6 MB/s, 40 ms, queue of 1 s", {0.6 * mega, 40ms, 1s}, 8, 98);
  expect_shared("8 bridges over 10 MB/s, 30 ms, queue of 50 ms", {10 * mega, 30ms, 50ms}, 8, 98);
}

// Many that overflow one queue often wait for a round trip or two until TCP has mended it. None of them is dead.
TEST(SharedLine, SixteenBridgesThatOverflowItsQueueAreMostlyKept) {
  std::size_t dialled = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    plan p = download_plan("overflowing", {16, {20 * mega, 40ms, 50ms}}, UINT64_MAX / 2);
    p.seed = seed;
    p.connection.control = congestion::control::bbr;
    p.redial = 100ms;
    p.paths.resize(1);
    p.paths[0].shared = 0;
    p.paths[0].bridges = 16;
    tunnel run(p);
    run.run_until(40s);
    dialled += run.count().dialled - 16;
  }
  std::printf("%.1f of 16 replaced in 40 s\n", static_cast<double>(dialled) / 2);
  EXPECT_LE(dialled, 2 * 6U) << "of twice 18 without a second look";
}

// BBR drains all connections at once, every 10 s, and each is back as soon as it may be.
void expect_probed(const char* what, const std::vector<bridge_line>& bridges) {
  plan p = download_plan(what, bridges, 0);
  p.connection.probe_every = 10s;
  const measurement m = measure(p, 5s, 25s);
  const double percent = 100 * m.rate / ideal(total(bridges));
  const double plain = 100 * plain_tcp(p.paths, 5s, 25s, p.connection) / ideal(total(bridges));
  print(what, percent, 0.99 * plain, m);
  std::printf("    %zu suspected; the same connections without a tunnel: %.1f %%\n", m.suspected, plain);
  EXPECT_GE(percent, 0.99 * plain);
  EXPECT_EQ(m.suspected, 0U);
}

TEST(Goodput, BridgesThatProbeTheirRoundTrip) {
  expect_probed("8 x 3 MB/s, 200 ms, probing", {8, {3 * mega, 200ms, 200ms}});
  expect_probed("8 x 1 MB/s, 80 ms, probing", {8, {1 * mega, 80ms, 100ms}});
  expect_probed("5 x 8 MB/s, 40 ms, probing", {5, {8 * mega, 40ms, 100ms}});
}

// Six requests before the download begins; bytes of the first answer, and of the others.
void add_requests(plan& p, std::uint64_t first, std::uint64_t others) {
  for (int i = 0; i < 6; ++i) {
    stream_plan request;
    request.seed = static_cast<std::uint64_t>(100 + i);
    request.start = 1s + i * 400ms;
    request.client.send = 200;
    request.server.send = i == 0 ? first : others;
    p.streams.push_back(request);
  }
}

// The near ones have shown what they can do before, the distant ones have not; and a relay on the way hides from the
// kernel how far away they are.
TEST(Goodput, DistantBridgesThatNobodyKnowsYet) {
  std::vector<bridge_line> bridges(3, {4 * mega, 25ms});
  bridges.resize(5, {2.5 * mega, 75ms});
  plan p = download_plan("distant", bridges, 0);
  p.connection.relay_buffer = 1'000'000;
  const timestamp start = p.streams[0].start = 4s;
  add_requests(p, 300'000, 300'000);
  const measurement m = measure(p, start + 3s, 15s);
  const double percent = 100 * m.rate / ideal(total(bridges));
  print("3 x 4 MB/s 25 ms and 2 x 2.5 MB/s 75 ms", percent, 93, m);
  EXPECT_GE(percent, 93);
}

// A relay next door answers at once, the peer behind it after 1.4 s: bridges that are young wait for it.
TEST(Goodput, NoBridgeIsSuspectForAPeerThatIsFarBehindARelay) {
  plan p = download_plan("far behind a relay", std::vector<bridge_line>(4, {4 * mega, 1400ms}), 200'000);
  p.connection.relay_buffer = 1'000'000;
  p.redial = 100ms;
  p.streams.push_back(p.streams[0]);
  std::swap(p.streams[1].client.send, p.streams[1].server.send);
  tunnel run(p);
  EXPECT_TRUE(run.run());
  EXPECT_EQ(run.count().suspected, 0U);
  EXPECT_EQ(run.count().dialled, 4U);
}

// Each relay has a line of its own behind it, for two bridges, and takes in at once all that is sent. After 6 s the
// connections through one of them fall silent for good, and new ones come up.
void expect_behind_relays(const char* what, const bridge_line& line, double wanted) {
  plan p = download_plan(what, std::vector<bridge_line>(3, line), 0);
  p.connection.relay_buffer = 1'000'000;
  for (path_plan& path : p.paths) {
    path.bridges = 2;
    path.up.common_rate = path.down.common_rate = static_cast<std::uint64_t>(line.rate);
  }
  p.redial = 100ms;
  p.faults.push_back({.at = 6s, .path = 1, .what = fault::kind::silence});
  const measurement m = measure(p, 2s, 10s);
  const double percent = 100 * m.rate / ideal(3 * line.rate);
  print(what, percent, wanted, m);
  EXPECT_GE(percent, wanted);
  EXPECT_LE(m.longest_pause, 400ms);
}

TEST(Goodput, BehindRelays) {
  expect_behind_relays("3 relays of 1.25 MB/s, 10 ms", {1.25 * mega, 10ms, 400ms}, 94);
  expect_behind_relays("3 relays of 2 MB/s, 10 ms", {2 * mega, 10ms, 250ms}, 94);
  expect_behind_relays("3 relays of 10 MB/s, 10 ms", {10 * mega, 10ms, 50ms}, 93);
  expect_behind_relays("3 relays of 10 MB/s, 40 ms", {10 * mega, 40ms, 50ms}, 91);
}

TEST(Goodput, ASlowBridgeDoesNotSlowDownFastOnes) {
  const std::vector<bridge_line> fast(2, {20 * mega, 40ms});
  std::vector<bridge_line> all = fast;
  all.push_back({2 * mega, 40ms});
  expect_share("2 x 20 MB/s and 2 MB/s, 40 ms", all, 98);
  const double without = measure(download_plan("without", fast, 0), 3s, 15s).rate;
  const double with = measure(download_plan("with", all, 0), 3s, 15s).rate;
  EXPECT_GE(with, without);
}

TEST(Goodput, ABridgeWithALongWayDoesNotDelayTheLastByte) {
  const bridge_line fast{100 * mbit, 20ms};
  const bridge_line distant{4 * mbit, 300ms};
  constexpr std::uint64_t size = 20'000'000;
  plan both = download_plan("both", {fast, distant}, size);
  plan alone = download_plan("alone", {fast}, size);
  both.streams[0].start = alone.streams[0].start = 2s;  // all bridges are up
  const double took = completion(both);
  const double took_alone = completion(alone);
  // The ideal knows no slow start: what the fast one alone needs beyond its own ideal is granted to both.
  const auto bytes = static_cast<double>(size);
  const double best = took_alone * ideal_completion({fast, distant}, bytes) / ideal_completion({fast}, bytes);
  std::printf("%-46s %6.3f s, fast one alone %.3f s, ideal split %.3f s\n", "100 Mbit/s 20 ms + 4 Mbit/s 300 ms, 20 MB",
              took, took_alone, best);
  EXPECT_LE(took, 1.05 * took_alone);
  EXPECT_LE(took, 1.05 * best);
}

// The first answer was tiny, and its bridge has shown a few KB/s of what it can carry. The others have shown more.
TEST(Goodput, ABridgeThatCarriedOneSmallAnswerIsUsed) {
  const std::vector<bridge_line> bridges(4, {20 * mega, 10ms});
  plan p = download_plan("after a small answer", bridges, 0);
  const timestamp start = p.streams[0].start = 4s;
  add_requests(p, 30, 400'000);
  const measurement m = measure(p, start + 2s, 12s);
  const double percent = 100 * m.rate / ideal(total(bridges));
  print("4 x 20 MB/s, 10 ms, after a small answer", percent, 98, m);
  EXPECT_GE(percent, 98);
}

TEST(Goodput, RandomStalls) {
  const std::vector<bridge_line> bridges(4, {20 * mega, 40ms});
  plan p = download_plan("stalls", bridges, 0);
  // Each bridge is dark for an RTO of 200 ms, once every 20 s on average: 1 % of the time.
  random chance(7);
  for (std::size_t path = 0; path < bridges.size(); ++path) {
    for (timestamp at = 3s; at < 15s; at += std::chrono::milliseconds(chance.between(200, 20'000))) {
      if (at > 3s) p.faults.push_back({.at = at, .path = path, .what = fault::kind::hold, .length = 200ms});
    }
  }
  const measurement m = measure(p, 3s, 15s);
  const double percent = 100 * m.rate / ideal(total(bridges));
  print("4 x 20 MB/s, 1 % random stalls of 200 ms", percent, 90, m);
  EXPECT_GE(percent, 90);
}

// One of four bridges meets a fault at 3 s and is not replaced; the others must carry what they can.
void expect_rest(const char* what, fault f, double wanted) {
  const std::vector<bridge_line> bridges(4, {20 * mega, 40ms});
  plan p = download_plan(what, bridges, 0);
  f.at = 3s;
  f.path = 1;
  p.faults = {f};
  const timestamp until = f.length > duration{0} ? 3s + f.length : 10s;
  const measurement m = measure(p, 3s, until);
  const double percent = 100 * m.rate / ideal(3 * 20 * mega);
  print(what, percent, wanted, m);
  EXPECT_GE(percent, wanted);
  EXPECT_LE(m.longest_pause, 400ms);
}

TEST(Goodput, OneOfFourIsHeld) {
  expect_rest("one of 4 x 20 MB/s held for 2 s", {.what = fault::kind::hold, .length = 2s}, 97);
}
TEST(Goodput, OneOfFourSwallows) {
  expect_rest("one of 4 x 20 MB/s swallows for 2 s", {.what = fault::kind::swallow, .length = 2s}, 97);
}
TEST(Goodput, OneOfFourSlowsDown) {
  expect_rest("one of 4 x 20 MB/s drops to 1 MB/s", {.what = fault::kind::rate, .value = 1'000'000}, 97);
}
TEST(Goodput, OneOfFourIsReset) { expect_rest("one of 4 x 20 MB/s reset", {.what = fault::kind::reset}, 97); }
TEST(Goodput, OneOfFourFallsSilent) { expect_rest("one of 4 x 20 MB/s silent", {.what = fault::kind::silence}, 97); }

// Replacements fall silent, too: the dead ones, which nobody has told of, must not be in the way of more.
TEST(Goodput, AllFallSilentAgainAndAgain) {
  const bridge_line line{20 * mega, 40ms};
  plan p = download_plan("all of 3 x 20 MB/s silent, three times", {line}, 0);
  p.redial = 100ms;
  p.paths[0].bridges = 3;
  for (const timestamp at : {3s, 6s, 9s}) p.faults.push_back({.at = at, .what = fault::kind::silence});
  const measurement m = measure(p, 2s, 12s);
  const double percent = 100 * m.rate / ideal(3 * line.rate);
  print(p.name.c_str(), percent, 65, m);
  EXPECT_GE(percent, 65) << "less than a second is lost each time";
  EXPECT_LE(m.longest_pause, 1000ms);
}

// A network that holds its breath: new bridges are dialled meanwhile, and those that are not needed go, and are not
// replaced.
TEST(Goodput, APauseOfTheWholeNetworkIsAnsweredOnce) {
  plan p = download_plan("all of 3 x 20 MB/s held for a second", {{20 * mega, 40ms}}, UINT64_MAX / 2);
  p.redial = 100ms;
  p.paths[0].bridges = 3;
  p.faults = {{.at = 3s, .what = fault::kind::hold, .length = 1s}};
  tunnel run(p);
  run.run_until(20s);
  EXPECT_EQ(run.count().dialled, 6U);
}

// 64 bytes there and back on a second stream, while a download fills the tunnel. Bounds are multiples of the shortest
// round trip.
void expect_latency(const char* what, const std::vector<bridge_line>& bridges, double max_median = 1.5,
                    double max_high = 3) {
  plan p = download_plan(what, bridges, UINT64_MAX / 2);
  stream_plan talk;
  talk.seed = 2;
  talk.start = 4s;
  talk.client = {.send = 64 * 1000, .turn = 64, .reply_to = 64, .lead = 64, .think = 10ms};
  talk.server = {.send = 64 * 1000, .turn = 64, .reply_to = 64};
  p.streams.push_back(talk);
  tunnel run(p);
  run.run_until(15s);
  std::vector<duration> turns = run.streams().all()[1]->client.result().turns;
  ASSERT_GT(turns.size(), 20U) << what;
  std::sort(turns.begin(), turns.end());
  const duration unloaded = std::min_element(bridges.begin(), bridges.end(), [](const auto& a, const auto& b) {
                              return a.round_trip < b.round_trip;
                            })->round_trip;
  const duration median = turns[turns.size() / 2];
  const duration high = turns[turns.size() * 99 / 100];
  const double percent = 100 * static_cast<double>(downloaded(run)) / 15 / ideal(total(bridges));
  std::printf("%-46s median %.2f x, p99 %.2f x of %ld ms, the download at %.1f %%\n", what,
              static_cast<double>(median.count()) / static_cast<double>(unloaded.count()),
              static_cast<double>(high.count()) / static_cast<double>(unloaded.count()),
              static_cast<long>(unloaded / 1ms), percent);
  EXPECT_LE(static_cast<double>(median.count()), max_median * static_cast<double>(unloaded.count()));
  EXPECT_LE(static_cast<double>(high.count()), max_high * static_cast<double>(unloaded.count()));
}

TEST(Latency, UnderADownloadWithDeepBuffers) {
  expect_latency("4 x 20 MB/s, 40 ms, queues of 2 s", {4, {20 * mega, 40ms, 2s}});
  expect_latency("4 x 2 MB/s, 40 ms, queues of 2 s", {4, {2 * mega, 40ms, 2s}});
  expect_latency("20/50/200 Mbit/s, 10/40/100 ms, queues of 2 s",
                 {{20 * mbit, 10ms, 2s}, {50 * mbit, 40ms, 2s}, {200 * mbit, 100ms, 2s}});
}

// The shortest round trip of the last seconds must not come to contain the queue that the caps keep: caps would grow by
// it, again and again, until a queue overflows.
TEST(Latency, DoesNotGrowWhileADownloadGoesOn) {
  plan p = download_plan("long", {4, {2 * mega, 40ms, 2s}}, UINT64_MAX / 2);
  tunnel run(p);
  run.run_until(64s);
  for (core::bridge_id id = 1; id <= 4; ++id) EXPECT_LE(run.server_engine().stats_of(id)->rtt, 75ms) << "bridge " << id;
}

}  // namespace
}  // namespace mtcp::sim
