// What the statistics say of paths that come and go.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "status/report.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;
using test::bridge;
using test::only;
using test::tunnel;

// Its place among the paths is another one by then.
TEST(RoamingPaths, KeepALostBridgeInItsPlace) {
  monitor seen(role::client, clock::now() - std::chrono::seconds(10));
  tunnel_snapshot two = tunnel("s", {bridge(1, 0, 0), bridge(2, 0, 0)});
  two.paths.insert(two.paths.begin(), {.name = "wlan0", .bridges_wanted = 1, .bridges_up = 1});
  two.bridges[0].path = 1;
  two.bridges[1].path_name = "wlan0";
  seen.sample(only(two), clock::now() - std::chrono::seconds(5), 0);
  tunnel_snapshot after = tunnel("s", {});
  after.paths[0].bridges_wanted = 1;
  after.paths[0].last_error = "timed out";
  after.patterns = {{"wl*", 0}};
  seen.sample(only(after), clock::now(), 0);
  const document s = document::parse(stats_json(seen, seen.last(), {}));
  ASSERT_EQ(s["bridges"].size(), 1U) << "the one whose path is gone is wanted no more";
  EXPECT_EQ(s["bridges"][0]["id"], 1);
  EXPECT_EQ(s["bridges"][0]["last_error"], "timed out");
  EXPECT_EQ(s["tunnel"]["patterns"], (document{{{"interface", "wl*"}, {"paths", 0}}}));
}

TEST(RoamingPaths, AreCountedByTheirPatterns) {
  monitor seen(role::client, clock::now());
  tunnel_snapshot t = tunnel("s", {});
  const report_options options;
  EXPECT_EQ(metrics_text(seen, only(t), options).find("mtcp_pattern_paths"), std::string::npos) << "it has none";
  EXPECT_FALSE(document::parse(stats_json(seen, only(t), options))["tunnel"].contains("patterns"));
  t.patterns = {{"wl*", 1}, {"usb?", 0}};
  const std::string metrics = metrics_text(seen, only(t), options);
  EXPECT_NE(metrics.find("\nmtcp_pattern_paths{interface=\"wl*\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("\nmtcp_pattern_paths{interface=\"usb?\"} 0\n"), std::string::npos) << metrics;
}

}  // namespace
}  // namespace mtcp::status
