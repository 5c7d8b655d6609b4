#include "status/monitor.hpp"

#include <gtest/gtest.h>

#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using namespace std::chrono_literals;
using test::bridge;
using test::only;
using test::stream;
using test::tunnel;

class Monitor : public testing::Test {
 protected:
  void sample(acceptor_snapshot s, std::chrono::milliseconds later = 1000ms) {
    now += later;
    seen.sample(std::move(s), now, 1e9);
  }
  const bridge_record& record(std::uint64_t id, const std::string& session = "s") {
    return seen.bridges().at({session, id});
  }
  std::string last_words() { return seen.happenings().empty() ? "" : seen.happenings().back().text; }

  clock::time_point now{};
  monitor seen{role::client, now, {.charted_bridges = 4, .lost_bridges = 2, .happenings = 5}};
};

TEST_F(Monitor, DerivesRatesFromTheTimeThatReallyPassed) {
  sample(only(tunnel("s", {bridge(1, 0, 0)})));
  sample(only(tunnel("s", {bridge(1, 500, 3000)})), 2000ms);
  EXPECT_EQ(record(1).now, (rates{250, 1500}));
  EXPECT_EQ(record(1).history.value().fine().at(3), (rates{250, 1500}));
  EXPECT_EQ(record(1).history.value().fine().at(2), (rates{250, 1500}));  // the second that had no sample of its own
  EXPECT_EQ(record(1).history.value().fine().at(1), rates{});
}

TEST_F(Monitor, MeasuresWhatGoesPastTheTunnel) {
  acceptor_snapshot s = only(tunnel("s", {}));
  s.direct.open = {stream(1, "192.168.1.1", 0, 0)};
  sample(s);
  EXPECT_TRUE(seen.quiet());
  s.direct.bytes_up = 150;  // 50 of them in datagrams
  s.direct.open[0].bytes_up = 100;
  sample(s);
  EXPECT_EQ(seen.direct_rates(), (rates{150, 0}));
  EXPECT_EQ(seen.stream_rates({direct_session, 1}), (rates{100, 0}));
  EXPECT_FALSE(seen.quiet());
}

TEST_F(Monitor, TakesOneSamplePerTick) {
  sample(only(tunnel("s", {bridge(1, 100, 0)})));
  sample(only(tunnel("s", {bridge(1, 200, 0)})), 300ms);
  EXPECT_EQ(record(1).last.bytes_up, 100U);
  sample(only(tunnel("s", {bridge(1, 300, 0)})), 700ms);
  EXPECT_EQ(record(1).now, (rates{200, 0}));
}

TEST_F(Monitor, KeepsTensOfSecondsAsMeans) {
  for (std::uint64_t i = 1; i <= 20; ++i) sample(only(tunnel("s", {bridge(1, 100 * i, 0)})));
  EXPECT_FLOAT_EQ(record(1).history.value().coarse().at(1).up, 100);
}

TEST_F(Monitor, TellsHowABridgeFares) {
  using state = bridge_snapshot::state;
  bridge_snapshot b = bridge(1, 0, 0);
  const auto becomes = [&](state next) {
    b.now = next;
    sample(only(tunnel("s", {b})));
    return last_words();
  };
  sample(only(tunnel("s", {b})));
  EXPECT_EQ(becomes(state::suspect), "bridge 1 over a:1 makes no progress");
  EXPECT_EQ(becomes(state::up), "bridge 1 over a:1 makes progress again");
  EXPECT_EQ(becomes(state::disabled), "bridge 1 over a:1 disabled");
  EXPECT_EQ(record(1).changed, now);
  EXPECT_EQ(becomes(state::up), "bridge 1 over a:1 enabled");
  const auto since = now;
  becomes(state::up);
  EXPECT_EQ(record(1).changed, since) << "the age of the state, not of the sample";
}

TEST_F(Monitor, TellsStreamsAndTunnelsOfSeveralSessionsApart) {
  acceptor_snapshot two = only(tunnel("s", {}));
  two.tunnels.push_back(tunnel("t", {}));
  two.tunnels[0].streams = {stream(1, "a", 10, 0)};
  two.tunnels[1].streams = {stream(1, "b", 50, 0)};
  two.tunnels[1].bytes_up = 50;
  sample(two);
  two.tunnels[0].streams[0].bytes_up = 12;
  two.tunnels[1].streams[0].bytes_up = 57;
  two.tunnels[1].bytes_up = 57;
  sample(two);
  EXPECT_EQ(seen.stream_rates({"s", 1}), (rates{2, 0}));
  EXPECT_EQ(seen.stream_rates({"t", 1}), (rates{7, 0}));
  EXPECT_EQ(seen.tunnel_rates("t"), (rates{7, 0}));
  EXPECT_EQ(seen.stream_rates({"t", 2}), rates{});
}

TEST_F(Monitor, RemembersALostBridgeAndWhy) {
  sample(only(tunnel("s", {bridge(1, 100, 0), bridge(2, 0, 0)})));
  tunnel_snapshot after = tunnel("s", {bridge(2, 0, 0)});
  after.paths[0].last_error = "Connection reset by peer";
  sample(only(after));
  EXPECT_TRUE(record(1).down);
  EXPECT_EQ(record(1).now, rates{});
  EXPECT_EQ(record(1).error, "Connection reset by peer");
  EXPECT_EQ(record(1).history.value().fine().at(1), (rates{100, 0}));
  EXPECT_EQ(last_words(), "bridge 1 lost: Connection reset by peer");
  EXPECT_FALSE(record(2).down);
}

/// With paths that come and go, of these names.
tunnel_snapshot roaming(std::vector<std::string> names, std::vector<bridge_snapshot> bridges) {
  tunnel_snapshot t = tunnel("s", std::move(bridges));
  t.paths.clear();
  for (std::string& name : names) t.paths.push_back({.name = std::move(name), .bridges_wanted = 1, .bridges_up = 1});
  t.patterns = {{"*", t.paths.size()}};
  return t;
}

TEST_F(Monitor, TellsOfPathsThatComeAndGo) {
  bridge_snapshot on_wlan = bridge(1, 0, 0), on_eth = bridge(2, 0, 0);
  on_wlan.path_name = "wlan0";
  on_eth.path_name = "eth0";
  on_eth.path = 0;
  sample(only(roaming({"wlan0"}, {on_wlan})));
  sample(only(roaming({"wlan0", "eth0"}, {on_wlan})));
  EXPECT_EQ(last_words(), "path eth0 has come");
  sample(only(roaming({"wlan0", "eth0"}, {on_wlan, on_eth})));
  tunnel_snapshot after = roaming({"eth0"}, {on_eth});
  after.paths[0].last_error = "that of another path";
  sample(only(after));
  EXPECT_EQ(last_words(), "bridge 1 lost: its path is gone");
  EXPECT_EQ(seen.happenings()[seen.happenings().size() - 2].text, "path wlan0 is gone");
}

TEST_F(Monitor, MergesTheOldestLostBridgesIntoOneHistory) {
  for (std::uint64_t id = 1; id <= 5; ++id) sample(only(tunnel("s", {bridge(id, 100 * id, 0)})));
  EXPECT_EQ(seen.bridges().size(), 3U);  // two lost, and the one that is up
  EXPECT_EQ(seen.forgotten().fine().at(1), (rates{100, 0}));
  EXPECT_EQ(seen.forgotten().fine().at(2), (rates{200, 0}));
  EXPECT_EQ(seen.forgotten().fine().at(3), rates{});
}

TEST_F(Monitor, BoundsWhatItKeepsOfManyBridges) {
  std::vector<bridge_snapshot> many;
  for (std::uint64_t id = 1; id <= 100; ++id) many.push_back(bridge(id, 1, 1));
  sample(only(tunnel("s", many)));
  std::size_t charted = 0;
  for (const auto& [which, r] : seen.bridges()) charted += r.history.has_value();
  EXPECT_EQ(charted, 6U);
  EXPECT_EQ(seen.happenings().size(), 5U);
  sample({});
  EXPECT_EQ(seen.bridges().size(), 2U);
}

TEST_F(Monitor, CountsOnOverSessions) {
  tunnel_snapshot t = tunnel("s", {});
  t.bytes_up = 70;
  t.totals.streams_total = 3;
  t.totals.hedged_frames = 5;
  sample(only(t));
  sample(only(tunnel("next", {})));
  EXPECT_EQ(seen.ended_sessions().bytes_up, 70U);
  EXPECT_EQ(seen.ended_sessions().streams_total, 3U);
  EXPECT_EQ(seen.ended_sessions().hedged_frames, 5U);
}

TEST_F(Monitor, TellsOfSuspectBridges) {
  sample(only(tunnel("s", {bridge(1, 0, 0)})));
  bridge_snapshot slow = bridge(1, 0, 0);
  slow.now = bridge_snapshot::state::suspect;
  sample(only(tunnel("s", {slow})));
  EXPECT_EQ(last_words(), "bridge 1 over a:1 makes no progress");
  EXPECT_EQ(seen.happenings().back().how, happening::level::bad);
  sample(only(tunnel("s", {bridge(1, 0, 0)})));
  EXPECT_EQ(last_words(), "bridge 1 over a:1 makes progress again");
}

TEST_F(Monitor, IsQuietWhileNothingIsCarried) {
  tunnel_snapshot t = tunnel("s", {bridge(1, 0, 0)});
  for (int i = 0; i < 2; ++i) sample(only(t));
  EXPECT_TRUE(seen.quiet());
  t.bytes_down += 1;
  sample(only(t));
  EXPECT_FALSE(seen.quiet());
}

TEST_F(Monitor, SurvivesALongPause) {
  sample(only(tunnel("s", {bridge(1, 0, 0)})));
  sample(only(tunnel("s", {bridge(1, 86'400'000, 0)})), 24h);
  EXPECT_FLOAT_EQ(record(1).history.value().fine().at(seen.tick()).up, 1000);
  EXPECT_FLOAT_EQ(record(1).history.value().fine().at(seen.tick() - 599).up, 1000);
}

TEST(RateRing, ForgetsWhatIsTooOldAndZeroesWhatWasSkipped) {
  rate_ring ring(3);
  ring.add(5, {1, 0});
  ring.add(6, {2, 0});
  ring.add(5, {1, 0});
  EXPECT_EQ(ring.at(5).up, 2);
  ring.add(9, {3, 0});
  EXPECT_EQ(ring.at(6), rates{});
  EXPECT_EQ(ring.at(8), rates{});
  EXPECT_EQ(ring.at(9).up, 3);
  ring.add(5, {7, 0});
  EXPECT_EQ(ring.at(8), rates{});
}

}  // namespace
}  // namespace mtcp::status
