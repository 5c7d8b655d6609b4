// Networks that watch connections: the simulated ones do to each what they are said to do.
#include <gtest/gtest.h>

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
  p.paths[0].watched.forgets_after = 10s;  // bridges are PINGed every 13 to 25 s
  tunnel run(p);
  run.run_until(13s);
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

}  // namespace
}  // namespace mtcp::sim
