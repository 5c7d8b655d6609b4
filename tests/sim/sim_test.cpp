// Every named plan, and many random ones. What failed can be played again alone: the message says how.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <tuple>

#include "sim/content.hpp"
#include "sim/lifecycle_plan.hpp"
#include "sim/random_plan.hpp"
#include "sim/scenarios.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {
namespace {

// Sanitizers are slow: the build asks for fewer seeds there, and MTCP_SIM_SEEDS for any number.
#ifndef MTCP_SIM_SEEDS
#define MTCP_SIM_SEEDS 100
#endif

std::uint64_t seeds_per_case() {
  const char* wish = std::getenv("MTCP_SIM_SEEDS");
  return wish != nullptr ? std::strtoull(wish, nullptr, 10) : MTCP_SIM_SEEDS;
}

bool is_fine(const plan& p, tunnel& run) { return run.run() && check_expectations(p, run); }

/// What went wrong, and what happened before that: it is played again for its notes.
std::string report(const plan& p) {
  tunnel again(p, journal::notes::kept);
  is_fine(p, again);
  std::string text;
  for (const std::string& failure : again.log().failures()) text += failure + "\n";
  text += rerun_command(p) + "\n";
  for (const std::string& note : again.log().last_notes()) text += note + "\n";
  return text;
}

void play(const plan& p) {
  tunnel run(p);
  if (!is_fine(p, run)) ADD_FAILURE() << report(p);
}

class SimPlans : public testing::TestWithParam<std::string> {};

TEST_P(SimPlans, Holds) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) play(*find_plan(GetParam(), seed));
}

INSTANTIATE_TEST_SUITE_P(Named, SimPlans, testing::ValuesIn(directed_plan_names()),
                         [](const auto& p) { return p.param; });

class SimSeeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SimSeeds, Random) {
  const std::uint64_t first = GetParam() * 1000 + 1;
  for (std::uint64_t seed = first; seed < first + seeds_per_case(); ++seed) play(random_plan(seed));
}

TEST_P(SimSeeds, OneFault) {
  const std::uint64_t first = GetParam() * 1000 + 1;
  for (std::uint64_t seed = first; seed < first + seeds_per_case() / 10; ++seed) play(random_fault_plan(seed));
}

TEST_P(SimSeeds, Lifecycle) {
  const std::uint64_t first = GetParam() * 1000 + 1;
  for (std::uint64_t seed = first; seed < first + seeds_per_case() / 2; ++seed) play(lifecycle_plan(seed));
}

TEST_P(SimSeeds, ReverseLifecycle) {
  const std::uint64_t first = GetParam() * 1000 + 1;
  for (std::uint64_t seed = first; seed < first + seeds_per_case() / 4; ++seed) play(reverse_lifecycle_plan(seed));
}

// In the end there is a path for each interface, and no other, whatever has flapped.
TEST_P(SimSeeds, Roaming) {
  const std::uint64_t first = GetParam() * 1000 + 1;
  for (std::uint64_t seed = first; seed < first + seeds_per_case() / 2; ++seed) {
    const plan p = roaming_plan(seed);
    tunnel run(p);
    if (!is_fine(p, run)) ADD_FAILURE() << report(p);
    timestamp quiet = run.events().now();
    for (const absence& a : p.absences) quiet = std::max<timestamp>(quiet, a.at + a.length);
    run.run_until(quiet + std::chrono::seconds(20));
    tunnel_snapshot seen;
    run.client().describe(seen, run.events().now());
    EXPECT_EQ(seen.paths.size(), p.paths.size()) << rerun_command(p);
    // More than that where one that was replaced has recovered.
    for (const path_snapshot& path : seen.paths) EXPECT_GE(path.bridges_up, path.bridges_wanted) << rerun_command(p);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, SimSeeds, testing::Range<std::uint64_t>(0, 20));

TEST(Sim, TheSamePlanGivesTheSameRun) {
  const auto fingerprint = [] {
    tunnel run(random_plan(4711));
    run.run();
    const tunnel::totals sum = run.count();
    return std::tuple(run.events().now(), sum.wire_bytes, sum.retransmitted, sum.dialled);
  };
  EXPECT_EQ(fingerprint(), fingerprint());
}

TEST(Sim, AWrongByteAndALostEndWouldBeNoticed) {
  std::byte bytes[100];
  fill_content(1, 5, bytes);
  EXPECT_EQ(matching_content(1, 5, bytes), 100U);
  EXPECT_LT(matching_content(1, 6, bytes), 3U);
  EXPECT_LT(matching_content(2, 5, bytes), 3U);
  bytes[77] ^= std::byte{1};
  EXPECT_EQ(matching_content(1, 5, bytes) / 8, 77U / 8);
}

}  // namespace
}  // namespace mtcp::sim
