// Bridges that are renewed for the sake of their secrets: nobody notices.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/goodput.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

plan with_bridges(unsigned bridges, std::uint64_t seed) {
  plan p = download_plan("renewal", {{5e6, 40ms}}, UINT64_MAX / 2);
  p.paths[0].bridges = bridges;
  p.redial = 100ms;
  p.seed = seed;
  return p;
}

plan idle(unsigned bridges, std::uint64_t seed) {
  plan p = with_bridges(bridges, seed);
  p.streams.clear();
  return p;
}

tunnel_snapshot described(tunnel& run) {
  tunnel_snapshot told;
  run.client().describe(told, run.events().now());
  return told;
}

TEST(Renewal, ComesOnceAnHourToEveryBridge) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    tunnel run(idle(4, seed));
    for (duration t = 10min; t <= 5h; t += 10min) {
      run.run_until(t);
      const tunnel_snapshot now = described(run);
      EXPECT_GE(now.bridges.size(), 4U) << "at " << t / 1min;
      EXPECT_LE(now.bridges.size(), 5U) << "one at a time";
      for (const bridge_snapshot& b : now.bridges) EXPECT_LE(b.age, 75min);
    }
    EXPECT_GE(run.count().dialled, 4 + 4U * 4) << "five hours, of 72 minutes at most";
    EXPECT_LE(run.count().dialled, 4 + 4U * 6) << "or of 48 at least";
  }
}

TEST(Renewal, IsLeftAloneWhereItIsNotWanted) {
  plan p = idle(4, 1);
  p.renew_after = 0s;
  tunnel run(p);
  run.run_until(5h);
  EXPECT_EQ(run.count().dialled, 4U);
}

TEST(Renewal, CostsADownloadNothing) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    plan p = with_bridges(4, seed);
    const measurement without = measure(p, 4s, 64s);
    p.renew_after = 20s;  // some 12 of them
    const measurement with = measure(p, 4s, 64s);
    EXPECT_GT(with.rate, 0.985 * without.rate);
    EXPECT_LT(with.longest_pause, 100ms);
    EXPECT_EQ(with.suspected, 0U);
  }
}

// Where the network lets no more connections exist the old ones stay, and what is tried in vain is little.
TEST(Renewal, IsPutOffWhereNoSuccessorCanBeHad) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    plan p = idle(4, seed);
    p.paths[0].watched.connections = 4;
    tunnel run(p);
    run.run_until(1h);
    const std::size_t dialled = run.count().dialled;
    for (duration t = 1h; t <= 9h; t += 10min) {
      run.run_until(t);
      const auto bridges = described(run).bridges;
      EXPECT_EQ(bridges.size(), 4U);
    }
    EXPECT_LE(run.count().dialled - dialled, 4U * 8 * 5) << "at most five an hour for each bridge";
  }
}

TEST(Renewal, LosesNothingWhileTheNetworkIsAway) {
  plan p = download_plan("renewal", {{5e6, 40ms}, {5e6, 40ms}}, 1'000'000'000);
  p.redial = 100ms;
  p.renew_after = 5s;
  p.incidents.push_back({.at = 20s, .what = incident::kind::time_jump, .length = 30s});
  for (std::size_t path = 0; path < 2; ++path)
    p.faults.push_back({.at = 80s, .path = path, .what = fault::kind::swallow, .length = 6s, .persistent = true});
  tunnel run(p);
  run.run();
  for (const std::string& failure : run.log().failures()) ADD_FAILURE() << failure;
  EXPECT_GT(run.count().dialled, 10U) << "two bridges of five seconds, a hundred seconds";
}

}  // namespace
}  // namespace mtcp::sim
