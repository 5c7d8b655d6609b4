// The history of paths, in virtual time: a month passes in a moment.
#include "status/path_history.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "status/path_sampler.hpp"
#include "status/report.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;
using test::bridge;
using test::only;
using test::tunnel;

constexpr double noon = 1'000'080'000;  // a whole hour
constexpr std::size_t hour = 0, day = 1, month = 2;

class PathHistory : public testing::Test {
 protected:
  /// Looks once a second, `seconds` long; of 100 bytes up and 300 down a second.
  void run(int seconds, const path_sample& each = {.bytes_up = 100, .bytes_down = 300, .in_flight_bytes = 50}) {
    for (int i = 0; i < seconds; ++i) seen.add({{"dsl", each}}, now += 1, 1);
  }
  document told(std::size_t span) { return document::parse(history_json(seen, span)); }
  document path(std::size_t span, const std::string& name = "dsl") {
    const document all = told(span);
    for (const document& one : all["paths"])
      if (one["path"] == name) return one;
    return {};
  }

  path_history seen;
  double now = noon;
};

TEST_F(PathHistory, HasMeansOverStepsOfEverySpan) {
  run(7'200);
  EXPECT_EQ(path(hour)["up"].size(), 360U);
  EXPECT_EQ(path(hour)["up"][358], 100);
  EXPECT_EQ(path(day)["down"].size(), 120U);
  EXPECT_EQ(path(day)["down"][0], 300);
  EXPECT_EQ(path(month)["down"], (document{300, 300}));
  EXPECT_EQ(path(month)["in_flight_bytes"], (document{50, 50}));
}

TEST_F(PathHistory, SaysOfWhenItsStepsAre) {
  run(150);
  EXPECT_EQ(told(day)["time"], noon + 120);
  EXPECT_EQ(told(day)["step_seconds"], 60);
  EXPECT_EQ(told(day)["steps"], 1440);
  EXPECT_EQ(told(day)["span"], "24h");
  EXPECT_EQ(told(month)["time"], noon);
}

TEST_F(PathHistory, InventsNothingWhileTheMachineSlept) {
  run(120);
  now += 3 * 60 - 1;  // no time has passed for the program: its clock stood still
  run(60);
  EXPECT_EQ(path(day)["up"], document::parse("[100, 100, null, null, 100, 100]"));
  EXPECT_EQ(path(day)["rtt_ms"], document::parse("[null, null, null, null, null, null]"));
  EXPECT_EQ(path(month)["up"], document{100}) << "a mean over what was looked at";
}

TEST_F(PathHistory, InventsNothingWhileTheProgramWasStopped) {
  run(60);
  now += 600;
  seen.add({{"dsl", {.bytes_up = 1'500}}}, now, 600);
  run(60);
  const document up = path(day)["up"];
  ASSERT_EQ(up.size(), 12U);
  for (std::size_t i = 1; i < 10; ++i) EXPECT_TRUE(up[i].is_null()) << i;
  EXPECT_EQ(up[10], 100) << "what was carried meanwhile counts for the end of it";
}

TEST_F(PathHistory, HasAGapWhereAPathWasNotThere) {
  run(60);
  for (int i = 0; i < 60; ++i) seen.add({{"lte", {.bytes_up = 7}}}, now += 1, 1);
  run(60);
  EXPECT_EQ(path(day)["up"], document::parse("[100, null, 100]"));
  EXPECT_EQ(path(day, "lte")["up"], document::parse("[7, null]"));
}

TEST_F(PathHistory, TellsWhatStoodStillFromWhatWasNotThere) {
  run(60, {});
  EXPECT_EQ(path(day)["up"], document{0});
  EXPECT_EQ(path(day)["rtt_ms"], document::parse("[null]")) << "without a bridge";
}

TEST_F(PathHistory, HasTheMeanAndTheWorstRoundTripAndCountsWhatWasSentAgain) {
  run(30, {.retransmitted_bytes = 4, .rtt_ms = 20, .rtt_most_ms = 25});
  run(30, {.retransmitted_bytes = 6, .rtt_ms = 40, .rtt_most_ms = 90});
  EXPECT_EQ(path(day)["rtt_ms"], document{30.0});
  EXPECT_EQ(path(day)["rtt_most_ms"], document{90.0});
  EXPECT_EQ(path(day)["retransmitted_bytes"], document{300});
}

TEST_F(PathHistory, SpreadsARareLookOverTheStepsThatItTouches) {
  now += 12;
  seen.add({{"dsl", {.bytes_up = 500}}}, now, 5);  // from 7 to 12
  EXPECT_EQ(path(hour)["up"], (document{100, 100}));
}

TEST_F(PathHistory, KeepsAMonthAndNoMore) {
  for (int i = 0; i < 40 * 24 * 60; ++i) seen.add({{"dsl", {.bytes_up = 10}}}, now += 60, 10);
  for (const auto& [span, steps] : {std::pair{hour, 360U}, {day, 1440U}, {month, 720U}})
    EXPECT_LE(path(span)["up"].size(), steps);
  EXPECT_EQ(path(month)["up"].size(), 720U);
  EXPECT_EQ(path(month)["up"][0], 1);
  EXPECT_EQ(sizeof(path_step), 32U);
}

TEST_F(PathHistory, ForgetsWhatIsOlderThanASpan) {
  run(60);
  now += 31 * 86'400.0;
  run(60);
  EXPECT_EQ(path(month)["up"], document{100});
  EXPECT_EQ(path(hour)["up"].size(), 6U);
}

TEST_F(PathHistory, SurvivesAClockThatIsSetBack) {
  run(600);
  now -= 300;
  run(300);
  EXPECT_EQ(path(day)["up"].back(), 100) << "not the double";
  now -= 400 * 86'400.0;
  run(120);
  EXPECT_EQ(path(day)["up"], document::parse("[100, 100]"));
}

TEST_F(PathHistory, IsBoundedWhateverPathsThereAre) {
  path_history small(2);
  const auto look = [&](std::map<std::string, path_sample> samples) { small.add(samples, now += 1, 1); };
  for (int i = 0; i < 60; ++i)
    look(
        {{"a", {.bytes_up = 1}}, {"b", {.bytes_up = 1}}, {"c", {.bytes_up = 4, .rtt_ms = 10}}, {"d", {.bytes_up = 2}}});
  EXPECT_EQ(small.paths().size(), 2U);
  const document all = document::parse(history_json(small, day))["paths"];
  EXPECT_EQ(all.back()["others"], true);
  EXPECT_EQ(all.back()["up"][0], 6);
  EXPECT_EQ(all.back()["rtt_ms"][0], 10.0);
  for (int i = 0; i < 60; ++i) look({{"b", {.bytes_up = 1}}});
  for (int i = 0; i < 60; ++i) look({{"b", {.bytes_up = 1}}, {"e", {.bytes_up = 5}}});
  EXPECT_TRUE(small.paths().contains("b"));
  EXPECT_TRUE(small.paths().contains("e")) << "in the place of a, which is gone";
  EXPECT_EQ(document::parse(history_json(small, day))["paths"].back()["up"][0], 7) << "with what a did";
}

TEST(PathSampler, TakesWhatBridgesDidSinceTheLookBefore) {
  using namespace std::chrono_literals;
  bridge_snapshot one = bridge(1, 100, 1'000), two = bridge(2, 10, 20);
  one.rtt = 20ms;
  two.rtt = 40ms;
  one.in_flight_bytes = 5;
  two.in_flight_bytes = 7;
  path_sampler sampler;
  const auto before = only(tunnel("s", {one}));
  one.bytes_up += 3;
  one.retransmitted_bytes += 9;
  const path_sample did = sampler.between(before, only(tunnel("s", {one, two}))).at("a:1");
  EXPECT_EQ(did.bytes_up, 3 + 10) << "a bridge that is new has done all of it since";
  EXPECT_EQ(did.bytes_down, 20);
  EXPECT_EQ(did.retransmitted_bytes, 9);
  EXPECT_EQ(did.in_flight_bytes, 12);
  EXPECT_EQ(did.rtt_ms, 30);
  EXPECT_EQ(did.rtt_most_ms, 40);
}

TEST(PathSampler, KnowsAPathWithoutBridges) {
  path_sampler sampler;
  const auto found = sampler.between({}, only(tunnel("s", {})));
  EXPECT_EQ(found.at("a:1").bytes_up, 0);
  EXPECT_EQ(found.at("a:1").rtt_ms, 0);
  EXPECT_TRUE(sampler.between({}, {}).empty());
}

TEST(PathSampler, CountsWhatWasLostForThePathThatLostIt) {
  path_sampler sampler;
  bridge_snapshot spare = bridge(2, 0, 0);
  spare.path_name = "spare";
  tunnel_snapshot before = tunnel("s", {bridge(1, 0, 0), spare}), after = tunnel("s", {spare});
  before.paths.push_back({.name = "spare"});
  after.paths = before.paths;
  after.totals.retransmitted_bytes = 500;
  const auto did = sampler.between(only(before), only(after));
  EXPECT_EQ(did.at("a:1").retransmitted_bytes, 500);
  EXPECT_EQ(did.at("spare").retransmitted_bytes, 0);
  tunnel_snapshot later = after;
  later.totals.retransmitted_bytes = 600;
  EXPECT_EQ(sampler.between(only(after), only(later)).at("a:1").retransmitted_bytes, 100) << "still on its account";
}

TEST(PathSampler, TakesAUserForAPathAtAServer) {
  path_sampler sampler;
  acceptor_snapshot now;
  for (const char* session : {"s", "t"}) {
    bridge_snapshot b = bridge(1, 10, 0);
    b.path_name.clear();
    now.tunnels.push_back(tunnel(session, {b}));
    now.tunnels.back().paths.clear();
    now.tunnels.back().user = "alice";
  }
  const auto did = sampler.between({}, now);
  ASSERT_EQ(did.size(), 1U);
  EXPECT_EQ(did.at("alice").bytes_up, 20);
}

TEST(HistorySpans, AreCalledByTheirNames) {
  EXPECT_EQ(span_called("30d"), month);
  EXPECT_FALSE(span_called("7d"));
  EXPECT_FALSE(span_called(""));
}

}  // namespace
}  // namespace mtcp::status
