// What /api/stats tells of the ports where the server listens for a client.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "status/site.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;
using test::stream;

document stats_of(const tunnel_snapshot& seen) {
  site it({}, [&] { return test::only(seen); });
  request r{http::verb::get, "/api/stats", 11};
  r.set(http::field::host, "127.0.0.1:8088");
  return document::parse(it.respond(r).body);
}

TEST(SiteListeners, AreToldOfWhileTheyWait) {
  tunnel_snapshot seen = test::tunnel("s", {});
  seen.listeners = {{.listen = {"", 8080}, .to = {"nas.lan", 80}}};
  EXPECT_EQ(stats_of(seen)["tunnel"]["listeners"][0], (document{{"listen", "8080"},
                                                                {"target", "nas.lan:80"},
                                                                {"state", "waiting"},
                                                                {"bound", ""},
                                                                {"last_error", ""},
                                                                {"accepted_total", 0}}));
}

TEST(SiteListeners, TellWhoComesIn) {
  tunnel_snapshot seen = test::tunnel("s", {});
  seen.listeners = {{.listen = {"", 8080},
                     .to = {"nas.lan", 80},
                     .now = listener_snapshot::state::listening,
                     .bound = {"192.0.2.1", 8080},
                     .accepted = 5}};
  stream_snapshot visitor = stream(2, "nas.lan", 1, 2);
  visitor.source = {"2001:db8::1", 4711};
  seen.streams = {visitor, stream(7, "example.org", 1, 2)};
  const document s = stats_of(seen);
  EXPECT_EQ(s["tunnel"]["listeners"][0]["state"], "listening");
  EXPECT_EQ(s["tunnel"]["listeners"][0]["bound"], "192.0.2.1:8080");
  EXPECT_EQ(s["tunnel"]["listeners"][0]["accepted_total"], 5);
  EXPECT_EQ(s["streams"][0]["source"], "[2001:db8::1]:4711");
  EXPECT_FALSE(s["streams"][1].contains("source"));
}

}  // namespace
}  // namespace mtcp::status
