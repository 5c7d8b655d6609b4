// Why paths and bridges carry little, in every document under one name.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "status/reason.hpp"
#include "status/site.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using namespace std::chrono_literals;
using document = nlohmann::json;

class Reasons : public testing::Test {
 protected:
  std::string body_of(const std::string& path) {
    if (!made) made = std::make_unique<site>(options, [this] { return tunnels; });
    request r{http::verb::get, path, 11};
    r.set(http::field::host, "localhost");
    return std::string(made->respond(r).body);
  }
  document stats() { return document::parse(body_of("/api/stats")); }

  site_options options;
  acceptor_snapshot tunnels = test::only(test::tunnel("s", {test::bridge(1, 10, 20)}));
  std::unique_ptr<site> made;
};

TEST_F(Reasons, AreThereEvenIfThereIsNone) {
  EXPECT_EQ(stats()["tunnel"]["paths"][0]["why"], "");
  EXPECT_EQ(stats()["bridges"][0]["why"], "");
  EXPECT_EQ(body_of("/metrics").find("mtcp_bridge_why{"), std::string::npos);
}

TEST_F(Reasons, AreTheSameInEveryDocument) {
  tunnels.tunnels[0].bridges[0].why = restraint::later;
  tunnels.tunnels[0].paths[0].why = restraint::rate_limit;
  EXPECT_EQ(stats()["bridges"][0]["why"], "waits: would deliver later than others");
  EXPECT_EQ(stats()["tunnel"]["paths"][0]["why"], "rate limit");
  const std::string metrics = body_of("/metrics");
  EXPECT_NE(metrics.find(R"(mtcp_bridge_why{path="a:1",bridge="1",why="waits: would deliver later than others"} 1)"),
            std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find(R"(mtcp_path_why{path="a:1",why="rate limit"} 1)"), std::string::npos) << metrics;
}

TEST_F(Reasons, SaySinceWhenAndForHowLong) {
  bridge_snapshot& bridge = tunnels.tunnels[0].bridges[0];
  bridge.why = restraint::suspect;
  bridge.suspect = 2'900ms;
  path_snapshot& path = tunnels.tunnels[0].paths[0];
  path.why = restraint::dials_paused;
  path.found.dials_held = 43s;
  EXPECT_EQ(stats()["bridges"][0]["why"], "suspect since 2 s: no progress while others make some");
  EXPECT_EQ(stats()["tunnel"]["paths"][0]["why"], "dials paused for 43 s: nobody answers");
  EXPECT_EQ(stats()["bridges"][1]["why"], "dials paused for 43 s: nobody answers") << "that of what is missing";
  EXPECT_NE(body_of("/metrics").find(R"(why="dials paused: nobody answers"} 1)"), std::string::npos)
      << "a label that changes every second would be a series of its own each time";
}

}  // namespace
}  // namespace mtcp::status
