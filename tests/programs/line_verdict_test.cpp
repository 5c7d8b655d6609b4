// What `mtcp-client test` makes of the figures of typical networks.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "client/line/servers.hpp"
#include "client/line/text.hpp"
#include "client/line/verdict.hpp"

namespace mtcp::client::line {
namespace {

constexpr double mb = 1e6;

flow rated(double rate, double spread = 0.05) { return {.rate = rate, .spread = spread, .loaded = 0.05}; }

figures figure(unsigned bridges, double down, double up, double spread = 0.05) {
  figures f{.bridges = bridges, .wanted = bridges, .up = bridges, .round_trip = 0.04};
  f.download = rated(down, spread);
  f.upload = rated(up, spread);
  return f;
}

using rate_by_count = std::function<double(unsigned)>;

/// As the course measures: it stops once more bridges bring nothing. `noise` is by how much each figure is off, in
/// turn.
std::vector<figures> counts_of(const rate_by_count& rate, const std::vector<double>& noise = {0},
                               double spread = 0.05) {
  std::vector<figures> all;
  std::size_t next = 0;
  const auto off = [&] { return 1 + noise[next++ % noise.size()]; };
  for (const unsigned bridges : {1U, 2U, 4U, 8U, 16U}) {
    if (bridges > 1 && !worth_trying_more(all)) break;
    const double down = rate(bridges) * off(), up = rate(bridges) * off();
    all.push_back(figure(bridges, down, up, spread));
  }
  return all;
}

report with_one_path(std::vector<figures> counts) {
  report all;
  all.paths.push_back({.name = "p", .single = counts.front()});
  all.order = {0};
  all.counts = std::move(counts);
  return all;
}

rate_by_count held_to(double each, double line = 1e12) {
  return [=](unsigned bridges) { return std::min(bridges * each, line); };
}

/// Every way in which each of ten figures can be a tenth too high or too low.
void for_all_noise(const std::function<void(const std::vector<double>&)>& check) {
  for (unsigned bits = 0; bits < 1024; ++bits) {
    std::vector<double> noise;
    for (unsigned i = 0; i < 10; ++i) noise.push_back((bits >> i & 1) != 0 ? 0.1 : -0.1);
    check(noise);
  }
}

std::string text_of(const report& all, const verdict& v) {
  std::string text;
  for (const std::string& one : conclusions(all, v)) text += one + '\n';
  return text;
}

std::string json_of(const report& all) {
  return to_json(std::vector{server_report{.name = "s", .result = {.all = all}}});
}

TEST(LineVerdict, SeesALimitOfEachConnection) {
  const report all = with_one_path(counts_of(held_to(2 * mb)));
  const verdict v = judge(all);
  ASSERT_TRUE(v.download && v.upload);
  EXPECT_EQ(v.download->seems, network::per_connection);
  EXPECT_EQ(v.download->enough, 16U);
  EXPECT_DOUBLE_EQ(v.download->gain(), 16);
  EXPECT_TRUE(v.helps());
  EXPECT_TRUE(v.automatic) << "16 were still rising";
  EXPECT_EQ(bridges_option(v), "auto");
  EXPECT_NE(text_of(all, v).find("per-connection limit: each connection is held to about 2.0 MB/s"), std::string::npos);
}

TEST(LineVerdict, TakesNoMoreBridgesThanFillTheLine) {
  const report all = with_one_path(counts_of(held_to(2 * mb, 8 * mb)));
  const verdict v = judge(all);
  EXPECT_EQ(v.download->seems, network::per_connection);
  EXPECT_EQ(v.bridges, 4U);
  EXPECT_FALSE(v.automatic);
  EXPECT_EQ(bridges_option(v), "4");
}

TEST(LineVerdict, SeesALineThatIsShared) {
  const report all = with_one_path(counts_of(held_to(10 * mb, 10 * mb)));
  const verdict v = judge(all);
  EXPECT_EQ(all.counts.size(), 3U) << "it does not try on";
  EXPECT_EQ(v.download->seems, network::shared_line);
  EXPECT_EQ(v.upload->seems, network::shared_line);
  EXPECT_FALSE(v.helps());
  EXPECT_EQ(bridges_option(v), "2");
  EXPECT_NE(text_of(all, v).find("more bridges add nothing"), std::string::npos);
}

TEST(LineVerdict, IsNotMisledByATenthOfNoise) {
  for_all_noise([](const std::vector<double>& noise) {
    const verdict shared = judge(with_one_path(counts_of(held_to(10 * mb, 10 * mb), noise)));
    EXPECT_FALSE(shared.helps());
    EXPECT_EQ(shared.bridges, 1U);
    const verdict held = judge(with_one_path(counts_of(held_to(2 * mb, 8 * mb), noise)));
    EXPECT_EQ(held.download->seems, network::per_connection);
    EXPECT_GE(held.bridges, 4U);
    EXPECT_GE(held.download->gain(), 3);
    const verdict rising = judge(with_one_path(counts_of(held_to(2 * mb), noise)));
    EXPECT_EQ(rising.bridges, 16U);
  });
}

TEST(LineVerdict, SeesALossyWayByHowUnevenConnectionsAre) {
  const report all = with_one_path(counts_of(held_to(0.3 * mb), {0.1, -0.1, 0.05, -0.08}, 0.4));
  const verdict v = judge(all);
  EXPECT_EQ(v.download->seems, network::uneven);
  EXPECT_TRUE(v.helps());
  EXPECT_NE(text_of(all, v).find("long or lossy"), std::string::npos);
}

TEST(LineVerdict, ForgivesUnevenSharesOfAFullLine) {
  std::vector<figures> counts = counts_of(held_to(2 * mb, 4 * mb));
  for (figures& f : counts)
    if (f.bridges > 2) f.download->spread = 0.9;
  EXPECT_EQ(judge(with_one_path(counts)).download->seems, network::per_connection);
}

TEST(LineVerdict, StaysBelowACapOnConnections) {
  std::vector<figures> counts = counts_of(held_to(2 * mb));
  counts.resize(4);
  counts.back().up = 4;  // of 8
  counts.back().missing = "the server has too many bridges";
  counts.back().download->rate = counts.back().upload->rate = 8 * mb;
  EXPECT_FALSE(worth_trying_more(counts));
  const report all = with_one_path(counts);
  const verdict v = judge(all);
  EXPECT_EQ(v.cap, 4U);
  EXPECT_EQ(bridges_option(v), "4");
  EXPECT_NE(text_of(all, v).find("no more than 4 connections at a time: the server has too many"), std::string::npos);
}

TEST(LineVerdict, TakesWhatTheBetterDirectionNeeds) {
  std::vector<figures> counts;
  for (const unsigned n : {1U, 2U, 4U, 8U, 16U}) counts.push_back(figure(n, 20 * mb, std::min(n * 1.0, 8.0) * mb));
  const verdict v = judge(with_one_path(counts));
  EXPECT_EQ(v.download->seems, network::shared_line);
  EXPECT_EQ(v.upload->seems, network::per_connection);
  EXPECT_EQ(bridges_option(v), "8");
}

TEST(LineVerdict, JudgesAPathThatCarriesOneDirectionOnly) {
  std::vector<figures> counts = counts_of(held_to(2 * mb, 8 * mb));
  for (figures& f : counts) f.upload.reset();
  const verdict v = judge(with_one_path(counts));
  EXPECT_FALSE(v.upload);
  EXPECT_EQ(v.bridges, 4U);
}

/// Two active paths of these rates, and both together.
report two_paths(double one, double other, double together) {
  report all;
  all.counts = counts_of(held_to(one, one));
  all.paths.push_back({.name = "one", .single = figure(1, one, one), .alone = figure(1, one, one)});
  all.paths.push_back({.name = "other", .single = figure(1, other, other), .alone = figure(1, other, other)});
  all.order = {0, 1};
  all.together.push_back(figure(1, together, together));
  return all;
}

TEST(LineVerdict, TellsWhichPathsAreWorthIt) {
  const verdict both = judge(two_paths(10 * mb, 8 * mb, 17 * mb));
  EXPECT_EQ(both.worth, (std::vector{true, true}));
  EXPECT_TRUE(both.more_paths_help);
  EXPECT_TRUE(both.helps());
  const report all = two_paths(10 * mb, 10 * mb, 11 * mb);
  const verdict one = judge(all);
  EXPECT_EQ(one.worth, (std::vector{true, false})) << "both lead over the same line";
  EXPECT_FALSE(one.helps());
  EXPECT_NE(text_of(all, one).find("other: adds nothing"), std::string::npos);
}

TEST(LineVerdict, IsNotMisledByNoiseBetweenPaths) {
  for (const double off : {-0.1, 0.1})
    for (const double by : {-0.1, 0.1}) {
      EXPECT_FALSE(judge(two_paths((1 + off) * 10 * mb, 10 * mb, (1 + by) * 10 * mb)).more_paths_help);
      EXPECT_TRUE(judge(two_paths((1 + off) * 10 * mb, 8 * mb, (1 + by) * 18 * mb)).more_paths_help);
    }
}

TEST(LineVerdict, LeavesBackupsAlone) {
  report all = two_paths(10 * mb, 10 * mb, 10 * mb);
  all.paths[1].role = core::path_role::backup;
  all.order = {0};
  all.together.clear();
  const verdict v = judge(all);
  EXPECT_NE(text_of(all, v).find("other: backup, as it is"), std::string::npos);
}

TEST(LineVerdict, TellsOfWhatFades) {
  report all = with_one_path(counts_of(held_to(10 * mb, 10 * mb)));
  all.counts.front().download->faded = fade{.before = 10 * mb, .after = mb, .bytes = 16 * mb, .seconds = 1.6};
  all.counts.back().found.push_back({.fades_after_bytes = 16'000'000});
  const verdict v = judge(all);
  EXPECT_TRUE(v.helps()) << "fresh connections take over";
  const std::string text = text_of(all, v);
  EXPECT_NE(text.find("after 16.0 MB or 1.6 s it fell from 10.0 MB/s to 1.0 MB/s"), std::string::npos) << text;
  EXPECT_NE(text.find("connections fade after 16.0 MB"), std::string::npos);
  all.counts.front().download->faded->after = 0;
  EXPECT_NE(text_of(all, judge(all)).find("falls silent: after 16.0 MB or 1.6 s"), std::string::npos);
}

TEST(LineVerdict, TellsThatOnlySmallPacketsGetThrough) {
  report all = with_one_path(counts_of(held_to(10 * mb, 10 * mb)));
  EXPECT_EQ(text_of(all, judge(all)).find("mss="), std::string::npos);
  all.counts.back().found.push_back({.only_small_packets = true});
  const verdict v = judge(all);
  EXPECT_NE(text_of(all, v).find("only small packets get through: mss=1200"), std::string::npos);
  EXPECT_NE(json_of(all).find("\"only_small_packets\":true"), std::string::npos);
}

TEST(LineVerdict, TellsWhatIsMissing) {
  report all = with_one_path(counts_of(held_to(10 * mb, 10 * mb)));
  all.unmeasured = {"4 bridges: upload: no answer within 11 s", "8 bridges: no answer within 11 s"};
  EXPECT_NE(
      text_of(all, judge(all)).find("\nMissing:  4 bridges: upload: no answer within 11 s\n          8 bridges: "),
      std::string::npos);
  EXPECT_NE(json_of(all).find("\"not_measured\":[\"4 bridges: upload: no"), std::string::npos);
}

TEST(LineVerdict, SaysNothingOfALineThatGaveNoAnswer) {
  figures none{.bridges = 1, .wanted = 1, .up = 1};
  const report silent = with_one_path({none});
  const std::string text = text_of(silent, judge(silent));
  EXPECT_NE(text.find("nothing can be said of it"), std::string::npos) << text;
  EXPECT_EQ(text.find("Options:"), std::string::npos) << text;
  const verdict still = judge(with_one_path({figure(1, 0, 0)}));
  EXPECT_FALSE(still.helps());
}

TEST(LineServers, ToldApartByTheirNames) {
  std::vector<server_report> all(3);
  for (const double rate : {1 * mb, 2 * mb}) {
    server_report& one = all[rate > mb ? 2 : 0];
    one.name = rate > mb ? "b:1" : "a:1";
    one.result.all = with_one_path(counts_of(held_to(rate, rate)));
  }
  all[1].name = "c:1";
  all[1].result.error = asio::error::connection_refused;
  const std::string told = to_json(all);
  EXPECT_EQ(told.find("{\"servers\":[{\"name\":\"a:1\",\"seconds\""), 0U) << told;
  EXPECT_NE(told.find("{\"name\":\"c:1\",\"error\":\"c:1: Connection refused\"}"), std::string::npos) << told;
  EXPECT_NE(told.find("\"quickest\":\"b:1\""), std::string::npos) << told;
  EXPECT_EQ(quickest(all), "Quickest: b:1, with 2.0 MB/s down and 2.0 MB/s up");
  EXPECT_FALSE(error_of(all)) << "some could be measured";
  all.resize(2);
  EXPECT_EQ(quickest(all), "") << "there is nothing to compare";
  all.erase(all.begin());
  EXPECT_EQ(to_json(all), "{\"error\":\"c:1: Connection refused\"}");
  EXPECT_EQ(error_of(all), asio::error::connection_refused);
}

TEST(LineVerdict, NeedsOneFigureOnly) {
  EXPECT_FALSE(judge_direction({}, &figures::download));
  const verdict v = judge(with_one_path({figure(1, 5 * mb, 5 * mb)}));
  EXPECT_FALSE(v.helps());
}

}  // namespace
}  // namespace mtcp::client::line
