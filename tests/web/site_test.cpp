#include "status/site.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mtcp/tunnel.hpp"
#include "status/asset.hpp"
#include "status/report.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using document = nlohmann::json;
using test::bridge;
using test::only;
using test::stream;
using test::tunnel;

request get(std::string path, std::string host = "127.0.0.1:8088") {
  request r{http::verb::get, path, 11};
  r.set(http::field::host, host);
  return r;
}

class Site : public testing::Test {
 protected:
  Site() {
    options.version = "1.2.3";
    options.pac = [](const std::string& host) { return "the proxy is " + host; };
    options.can.close_stream = [this](const std::string& session, std::uint64_t id) {
      closed = session + "/" + std::to_string(id);
      return id == 7;
    };
  }
  site& it() {
    if (!made) made = std::make_unique<site>(options, [this] { return tunnels; });
    return *made;
  }
  http::status status(const request& r) { return it().respond(r).status; }
  document json_of(const std::string& path) { return document::parse(it().respond(get(path)).body); }
  request post(const std::string& target) {
    request r{http::verb::post, target, 11};
    r.set(http::field::host, "localhost:8088");
    r.set("X-Mtcp-Token", json_of("/api/controls")["token"].get<std::string>());
    return r;
  }

  site_options options;
  acceptor_snapshot tunnels = only(tunnel("s", {bridge(1, 10, 20)}));
  std::unique_ptr<site> made;
  std::string closed;
};

TEST_F(Site, AnswersOnlyUnderItsOwnNames) {
  for (const char* ours :
       {"localhost", "LocalHost:1", "localhost.", "localhost.:8088", "127.0.0.1:8088", "[::1]:8088", "192.0.2.7:80"})
    EXPECT_EQ(status(get("/healthz", ours)), http::status::ok) << ours;
  for (const char* foreign :
       {"evil.example", "localhost.evil.example:8088", "127.0.0.1.evil.example", "", "[::1", ":80"})
    EXPECT_EQ(status(get("/healthz", foreign)), http::status::misdirected_request) << foreign;
  request none{http::verb::get, "/healthz", 11};
  EXPECT_EQ(status(none), http::status::misdirected_request);
  EXPECT_NE(it().respond(none).body.find("--status-host"), std::string_view::npos);
  request twice = get("/healthz");
  twice.insert(http::field::host, "evil.example");
  EXPECT_EQ(status(twice), http::status::misdirected_request);
}

TEST_F(Site, AnswersUnderNamesThatItWasGiven) {
  options.hosts = {"box.lan"};
  EXPECT_EQ(status(get("/healthz", "box.lan:8088")), http::status::ok);
  EXPECT_EQ(status(get("/healthz", "box.lan.")), http::status::ok);
}

TEST_F(Site, RefusesForeignOrigins) {
  for (const char* foreign : {"http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1:8088.evil"}) {
    request r = get("/api/stats");
    r.set(http::field::origin, foreign);
    EXPECT_EQ(status(r), http::status::forbidden) << foreign;
  }
  request own = get("/api/stats");
  own.set(http::field::origin, "http://127.0.0.1:8088");
  EXPECT_EQ(status(own), http::status::ok);
}

TEST_F(Site, ChangesNothingWithoutTheToken) {
  request r = post("/api/streams/close?session=s&id=7");
  EXPECT_EQ(status(r), http::status::no_content);
  EXPECT_EQ(closed, "s/7");
  closed.clear();
  for (const std::string token : {"", "0", "00000000000000000000000000000000"}) {
    r.set("X-Mtcp-Token", token);
    EXPECT_EQ(status(r), http::status::forbidden);
  }
  r.erase("X-Mtcp-Token");
  EXPECT_EQ(status(r), http::status::forbidden);
  EXPECT_EQ(closed, "");
}

TEST_F(Site, SaysWhatItCannotChange) {
  EXPECT_EQ(status(post("/api/streams/close?session=s&id=8")), http::status::not_found);
  EXPECT_EQ(status(post("/api/streams/close?session=s&id=x")), http::status::bad_request);
  EXPECT_EQ(status(post("/api/streams/close?session=s&id=99999999999999999999")), http::status::bad_request);
  EXPECT_EQ(status(post("/api/streams/close")), http::status::bad_request);
  EXPECT_EQ(status(post("/api/bridges/disable?session=s&id=7")), http::status::not_found);  // not offered
  EXPECT_EQ(json_of("/api/controls")["close_stream"], true);
  EXPECT_EQ(json_of("/api/controls")["disable_bridge"], false);
}

TEST_F(Site, ChangesAPath) {
  EXPECT_EQ(json_of("/api/controls")["change_path"], false);
  EXPECT_EQ(status(post("/api/paths/change?name=a&role=backup&rate_limit=0")), http::status::not_found);
  made.reset();
  std::string changed;
  options.can.change_path = [&](const std::string& name, core::path_role role, std::uint64_t rate_limit) {
    changed = name + ' ' + name_of(role) + ' ' + std::to_string(rate_limit);
    return name.starts_with("a:1");
  };
  EXPECT_EQ(json_of("/api/controls")["change_path"], true);
  const std::string path = "/api/paths/change?name=a%3A1%20through%20wwan0&role=overflow&rate_limit=";
  EXPECT_EQ(status(post(path + "6250000")), http::status::no_content);
  EXPECT_EQ(changed, "a:1 through wwan0 overflow 6250000");
  EXPECT_EQ(status(post("/api/paths/change?name=b&role=never&rate_limit=0")), http::status::not_found);
  for (const std::string& wrong : {path, path + "-1", path + "1099511627777", path + "1x",
                                   std::string("/api/paths/change?name=a%3&role=backup&rate_limit=0"),
                                   std::string("/api/paths/change?name=a:1&role=spare&rate_limit=0"),
                                   std::string("/api/paths/change?name=a:1&rate_limit=0")})
    EXPECT_EQ(status(post(wrong)), http::status::bad_request) << wrong;
  request stranger{http::verb::post, path + "0", 11};
  stranger.set(http::field::host, "localhost:8088");
  EXPECT_EQ(status(stranger), http::status::forbidden);
}

TEST_F(Site, StartsOneTestOfTheLineAtATime) {
  bool running = false;
  options.can.start_test = [&] { return !std::exchange(running, true); };
  options.can.test_report = [&] { return std::string(running ? R"({"running":true})" : R"({"running":false})"); };
  EXPECT_EQ(json_of("/api/controls")["start_test"], true);
  EXPECT_EQ(json_of("/api/test")["running"], false);
  request stranger{http::verb::post, "/api/test", 11};
  stranger.set(http::field::host, "localhost:8088");
  EXPECT_EQ(status(stranger), http::status::forbidden);
  EXPECT_EQ(status(post("/api/test")), http::status::no_content);
  EXPECT_EQ(json_of("/api/test")["running"], true);
  EXPECT_EQ(status(post("/api/test")), http::status::conflict);
}

TEST_F(Site, TestsNoLineUnlessItCan) {
  EXPECT_EQ(json_of("/api/controls")["start_test"], false);
  EXPECT_EQ(status(get("/api/test")), http::status::not_found);
  EXPECT_EQ(status(post("/api/test")), http::status::not_found);
}

TEST_F(Site, KnowsItsMethodsAndPaths) {
  EXPECT_EQ(status(get("/nothing")), http::status::not_found);
  EXPECT_EQ(status(get("/../etc/passwd")), http::status::not_found);
  request r = post("/healthz");
  EXPECT_EQ(status(r), http::status::not_found);
  r.method(http::verb::delete_);
  EXPECT_EQ(status(r), http::status::method_not_allowed);
}

TEST_F(Site, IsReadyWhileABridgeIsUp) {
  EXPECT_EQ(status(get("/readyz")), http::status::ok);
  it().drain();
  EXPECT_EQ(status(get("/readyz")), http::status::service_unavailable);
  EXPECT_EQ(status(get("/healthz")), http::status::ok);
  made.reset();
  tunnels = only(tunnel("s", {}));
  EXPECT_EQ(status(get("/readyz")), http::status::service_unavailable);
  made.reset();
  options.which = role::server;
  EXPECT_EQ(status(get("/readyz")), http::status::ok);  // nobody has to be there
}

TEST_F(Site, TellsBrowsersWhereTheProxyIs) {
  const answer pac = it().respond(get("/proxy.pac", "[::1]:8088"));
  EXPECT_EQ(pac.body, "the proxy is ::1");
  made.reset();
  options.pac = {};
  EXPECT_EQ(status(get("/proxy.pac")), http::status::not_found);
}

TEST_F(Site, TellsPeopleHowToUseTheProxy) {
  EXPECT_EQ(status(get("/api/proxy")), http::status::not_found);
  EXPECT_EQ(json_of("/api/controls")["proxy"], false);
  made.reset();
  options.to_copy = [](const std::string& host) {
    return std::vector<std::pair<std::string, std::string>>{{"sh", "export \"" + host + "\"\n"}};
  };
  EXPECT_EQ(json_of("/api/controls")["proxy"], true);
  EXPECT_EQ(json_of("/api/proxy"), (document{{"sh", "export \"127.0.0.1\"\n"}}));
}

TEST_F(Site, TellsApartWhatGoesPastTheTunnelAndWhatIsBlocked) {
  tunnels.tunnels[0].streams = {stream(3, "example.org", 1, 2)};
  tunnels.direct.open = {stream(3, "192.168.1.1", 5, 6)};
  tunnels.direct.connections_total = 4;
  tunnels.direct.datagrams_total = 7;
  tunnels.direct.bytes_up = 50;
  tunnels.direct.bytes_down = 60;
  tunnels.direct.blocked_connections_total = 8;
  tunnels.direct.blocked_datagrams_total = 9;
  const document s = json_of("/api/stats");
  EXPECT_EQ(s["direct"], (document{{"connections_active", 1},
                                   {"connections_total", 4},
                                   {"datagrams_total", 7},
                                   {"bytes_up", 50},
                                   {"bytes_down", 60},
                                   {"rate_up", 0},
                                   {"rate_down", 0}}));
  EXPECT_EQ(s["blocked"], (document{{"connections_total", 8}, {"datagrams_total", 9}}));
  ASSERT_EQ(s["streams"].size(), 2U);
  EXPECT_FALSE(s["streams"][0].contains("direct"));
  EXPECT_EQ(s["streams"][1]["direct"], true);
  EXPECT_EQ(s["streams"][1]["target"], "192.168.1.1:443");
  const std::string metrics(it().respond(get("/metrics")).body);
  for (const char* line :
       {"mtcp_direct_connections 1", "mtcp_direct_connections_total 4", "mtcp_direct_datagrams_total 7",
        "mtcp_direct_bytes_total{direction=\"up\"} 50", "mtcp_direct_bytes_total{direction=\"down\"} 60",
        "mtcp_blocked_connections_total 8", "mtcp_blocked_datagrams_total 9"})
    EXPECT_NE(metrics.find(std::string("\n") + line + "\n"), std::string::npos) << line;
}

TEST_F(Site, ServesTheDesignedFields) {
  tunnels.tunnels[0].streams = {stream(7, "example.org", 1, 2)};
  const document s = json_of("/api/stats");
  EXPECT_EQ(s["role"], "client");
  EXPECT_EQ(s["version"], "1.2.3");
  for (const char* name : {"state", "streams_active", "streams_total", "bytes_up", "bytes_down", "rate_up", "rate_down",
                           "reorder_bytes", "retransmitted_bytes", "hedged_frames", "hedged_bytes"})
    EXPECT_TRUE(s["tunnel"].contains(name)) << name;
  for (const char* name : {"id", "path", "local", "remote", "state", "bytes_up", "bytes_down", "rate_up", "rate_down",
                           "rtt_ms", "in_flight_bytes", "retransmitted_bytes", "reconnects"})
    EXPECT_TRUE(s["bridges"][0].contains(name)) << name;
  EXPECT_EQ(s["bridges"][0]["bytes_down"], 20);
  EXPECT_EQ(s["streams"][0]["target"], "example.org:443");
}

TEST_F(Site, TellsWhatAPathIsFor) {
  path_options plain{.host = "a"}, spare{.host = "b", .congestion = "bbr", .name = "spare"};
  spare.proxy = {
      .speaks = proxy_options::protocol::http, .host = "::1", .port = 3128, .user = "u", .password = "s3cret"};
  spare.use = {
      .role = core::path_role::backup, .carries = core::bridge_options::direction::down, .rate_limit = 6'250'000};
  asio::io_context io;
  tunnels = only(mtcp::tunnel(io, {.key = key::generate(), .paths = {plain, spare}}).snapshot());
  const document paths = json_of("/api/stats")["tunnel"]["paths"];
  EXPECT_EQ(paths[0]["role"], "active");
  EXPECT_EQ(paths[0]["direction"], "both");
  EXPECT_EQ(paths[0]["rate_limit"], 0);
  EXPECT_EQ(paths[0]["congestion"], "");
  EXPECT_EQ(paths[1]["role"], "backup");
  EXPECT_EQ(paths[1]["direction"], "down");
  EXPECT_EQ(paths[1]["rate_limit"], 6'250'000);
  EXPECT_EQ(paths[1]["congestion"], "bbr");
  EXPECT_EQ(paths[0]["proxy"], "");
  EXPECT_EQ(paths[1]["proxy"], "http://[::1]:3128") << "without the user";
  const answer metrics = it().respond(get("/metrics"));
  EXPECT_NE(
      metrics.body.find(
          R"(mtcp_path_info{path="spare",role="backup",direction="down",congestion="bbr",proxy="http://[::1]:3128"} 1)"),
      std::string_view::npos)
      << metrics.body;
  EXPECT_NE(metrics.body.find(R"(mtcp_path_rate_limit_bytes_per_second{path="spare"} 6250000)"),
            std::string_view::npos);
}

TEST_F(Site, TellsWhatAPathWasFoundToDo) {
  path_snapshot p{.name = "a"};
  p.replaced = 3;
  p.last_replacement = "faded after 64 MB and 3.2 s";
  p.found = {.fades_after_bytes = 64'000'000, .lives = std::chrono::seconds(20), .freezes_after_bytes_down = 16'384};
  p.found.only_small_packets = true;
  p.found.dial_pause = std::chrono::seconds(2);
  p.found.dials_held = std::chrono::milliseconds(43'500);
  tunnels.tunnels[0].paths = {p};
  const document told = json_of("/api/stats")["tunnel"]["paths"][0];
  EXPECT_EQ(told["replaced"], 3);
  EXPECT_EQ(told["last_replacement"], "faded after 64 MB and 3.2 s");
  EXPECT_EQ(told["found"]["fades_after_bytes"], 64'000'000);
  EXPECT_EQ(told["found"]["lives_seconds"], 20);
  EXPECT_EQ(told["found"]["freezes_after_bytes_down"], 16'384);
  EXPECT_EQ(told["found"]["freezes_after_bytes_up"], 0);
  EXPECT_EQ(told["found"]["only_small_packets"], true);
  EXPECT_EQ(told["found"]["dial_pause_seconds"], 2);
  EXPECT_EQ(told["found"]["dials_held_seconds"], 43.5);
  const answer metrics = it().respond(get("/metrics"));
  EXPECT_NE(metrics.body.find(R"(mtcp_path_replaced_total{path="a"} 3)"), std::string_view::npos);
  EXPECT_NE(metrics.body.find(R"(mtcp_path_dials_held_seconds{path="a"} 43.5)"), std::string_view::npos);
}

TEST_F(Site, TellsWhatAPathHasUsedOfItsQuota) {
  path_snapshot limited{.name = "lte"};
  limited.quota = {.bytes = 20'000'000, .used = 5'000'000, .period = "month", .used_up = false};
  tunnels.tunnels[0].paths = {limited, {.name = "dsl"}};
  const document told = json_of("/api/stats")["tunnel"]["paths"];
  const document quota = {{"bytes", 20'000'000}, {"used_bytes", 5'000'000}, {"period", "month"}, {"used_up", false}};
  EXPECT_EQ(told[0]["quota"], quota);
  EXPECT_FALSE(told[1].contains("quota"));
  const answer metrics = it().respond(get("/metrics"));
  EXPECT_NE(metrics.body.find(R"(mtcp_path_quota_bytes{path="lte",period="month"} 20000000)"), std::string_view::npos);
  EXPECT_NE(metrics.body.find(R"(mtcp_path_quota_used_bytes{path="lte"} 5000000)"), std::string_view::npos);
  EXPECT_EQ(metrics.body.find(R"(mtcp_path_quota_bytes{path="dsl")"), std::string_view::npos);
}

TEST_F(Site, TellsWhatAKeyHasCarriedThisMonth) {
  options.which = role::server;
  tunnels.keys = {{.user = "alice",
                   .id = "0a",
                   .used = {.sessions = 1, .bridges = 3},
                   .most = {.bridges = 8},
                   .month_bytes = 5'000'000,
                   .max_month_bytes = 20'000'000},
                  {.user = "bob", .id = "0b", .month_bytes = 7}};
  const document told = json_of("/api/stats")["keys"];
  EXPECT_EQ(told[0]["month_bytes"], 5'000'000);
  EXPECT_EQ(told[0]["max_month_bytes"], 20'000'000);
  EXPECT_EQ(told[0]["month_used_up"], false);
  EXPECT_EQ(told[0]["bridges"], 3);
  EXPECT_EQ(told[0]["max_bridges"], 8);
  EXPECT_EQ(told[1]["max_month_bytes"], 0);
  const answer metrics = it().respond(get("/metrics"));
  for (const char* line :
       {R"(mtcp_key_month_bytes{user="alice",key="0a"} 5000000)",
        R"(mtcp_key_month_limit_bytes{user="alice",key="0a"} 20000000)",
        R"(mtcp_key_month_bytes{user="bob",key="0b"} 7)", R"(mtcp_key_bridges{user="alice",key="0a"} 3)"})
    EXPECT_NE(metrics.body.find(line), std::string_view::npos) << line;
  EXPECT_EQ(metrics.body.find(R"(mtcp_key_month_limit_bytes{user="bob")"), std::string_view::npos);
}

TEST_F(Site, TellsAClientThatItsKeyMayCarryNoMore) {
  tunnels.tunnels[0].quota_used_up = true;
  EXPECT_EQ(json_of("/api/stats")["tunnel"]["quota_used_up"], true);
}

TEST_F(Site, GroupsByTunnelOnAServer) {
  options.which = role::server;
  tunnels.tunnels[0].user = "alice";
  const document s = json_of("/api/stats");
  EXPECT_EQ(s["tunnels"][0]["user"], "alice");
  EXPECT_EQ(s["tunnels"][0]["bridges"][0]["id"], 1);
  EXPECT_FALSE(s.contains("tunnel"));
}

TEST_F(Site, StaysValidWhateverANameHolds) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>\"\\\x01\x7f\xff\xc3";
  tunnels.tunnels[0].streams = {stream(7, hostile, 1, 2)};
  const document s = json_of("/api/stats");
  EXPECT_EQ(s["streams"][0]["target"], "</script><img src=x onerror=alert(1)>\"\\\x01\x7f\uFFFD\uFFFD:443");
}

TEST_F(Site, WritesNamesAsTheyAre) {
  options.which = role::server;
  tunnels.tunnels[0].user = "Jörg 日本語 😀";
  EXPECT_EQ(json_of("/api/stats")["tunnels"][0]["user"], "Jörg 日本語 😀");
  EXPECT_NE(it().respond(get("/metrics")).body.find("user=\"Jörg 日本語 😀\""), std::string_view::npos);
}

TEST_F(Site, ShowsALostBridgeInItsPlace) {
  monitor seen(role::client, clock::now() - std::chrono::seconds(10));
  seen.sample(only(tunnel("s", {bridge(1, 10, 20), bridge(2, 0, 0)})), clock::now() - std::chrono::seconds(5), 0);
  acceptor_snapshot after = only(tunnel("s", {bridge(2, 0, 0)}));
  after.tunnels[0].paths[0].last_error = "timed out";
  seen.sample(after, clock::now(), 0);
  document s = document::parse(stats_json(seen, seen.last(), {}));
  ASSERT_EQ(s["bridges"].size(), 2U);
  EXPECT_EQ(s["bridges"][1]["id"], 1);
  EXPECT_EQ(s["bridges"][1]["state"], "down");
  EXPECT_EQ(s["bridges"][1]["last_error"], "timed out");
  after.tunnels[0].paths[0].bridges_up = 2;  // replaced
  s = document::parse(stats_json(seen, after, {}));
  EXPECT_EQ(s["bridges"].size(), 1U);
}

TEST_F(Site, ShowsAPlaceThatNeverHadABridge) {
  tunnels.tunnels[0].paths[0].last_error = "Connection refused";  // it wants two, and has one
  const document s = json_of("/api/stats");
  ASSERT_EQ(s["bridges"].size(), 2U);
  EXPECT_EQ(s["bridges"][1]["id"], 0);
  EXPECT_EQ(s["bridges"][1]["state"], "down");
  EXPECT_EQ(s["bridges"][1]["last_error"], "Connection refused");
}

TEST_F(Site, ListsTheBusiestStreamsInEvents) {
  monitor seen(role::client, clock::time_point{});
  acceptor_snapshot many = only(tunnel("s", {}));
  for (std::uint64_t id = 1; id <= 100; ++id) many.tunnels[0].streams.push_back(stream(id, "h", id, 0));
  seen.sample(many, clock::time_point{} + std::chrono::seconds(1), 0);
  for (stream_snapshot& s : many.tunnels[0].streams) s.bytes_up += s.id == 50 ? 1000 : 0;
  seen.sample(many, clock::time_point{} + std::chrono::seconds(2), 0);
  report_options few{.version = "", .max_streams = 10};
  const document s = document::parse(stats_json(seen, seen.last(), few));
  ASSERT_EQ(s["streams"].size(), 10U);
  EXPECT_EQ(std::count_if(s["streams"].begin(), s["streams"].end(), [](const auto& one) { return one["id"] == 50; }),
            1);
}

TEST_F(Site, HistoryEndsNowAndLeavesOutLeadingZeros) {
  monitor seen(role::client, clock::time_point{});
  for (std::uint64_t i = 1; i <= 12; ++i)
    seen.sample(only(tunnel("s", {bridge(1, i < 5 ? 0 : 100 * (i - 4), 0)})),
                clock::time_point{} + std::chrono::seconds(i), 0);
  const document h = document::parse(history_json(seen));
  EXPECT_EQ(h["tick"], 12);
  EXPECT_EQ(h["bridges"][0]["up"], document(std::vector<int>(8, 100)));
  EXPECT_EQ(h["bridges"][0]["down"], document::array());
  EXPECT_EQ(h["bridges"][0]["up_10s"], document({50}));  // 5 of the first 10 seconds, which are 0 to 9
}

// As a cache-busting page or a monitor asks.
TEST_F(Site, PassesOverWhatStandsBehindTheQuestionMark) {
  if (!assets().empty()) {
    EXPECT_EQ(status(get("/?x")), http::status::ok);
  }
  for (const char* path : {"/api/stats?x=1", "/api/history?", "/api/controls?x", "/metrics?x", "/healthz?x=?"})
    EXPECT_EQ(status(get(path)), http::status::ok) << path;
  EXPECT_TRUE(it().wants_events(get("/api/events?x")));
  EXPECT_FALSE(it().wants_events(get("/api/eventsx")));
}

// Behind a reverse proxy that has the endpoint under /mtcp/, say.
TEST_F(Site, ServesAPageThatWorksUnderAnyPrefix) {
  for (const asset& a : assets())
    for (const char* absolute : {"href=\"/", "src=\"/", "fetch('/", "EventSource('/", "'/api", "`/api"})
      EXPECT_EQ(std::string_view(a.plain).find(absolute), std::string_view::npos) << a.path << " has " << absolute;
}

TEST_F(Site, ServesThePartsOfThePageCompressedAndByETag) {
  if (assets().empty()) GTEST_SKIP() << "built without the dashboard";
  request r = get("/main.js");
  const answer plain = it().respond(r);
  EXPECT_NE(plain.body.find("import "), std::string_view::npos);
  r.set(http::field::accept_encoding, "gzip, br");
  const answer small = it().respond(r);
  EXPECT_NE(small.fields.find("Content-Encoding: gzip"), std::string::npos);
  EXPECT_LT(small.body.size(), plain.body.size());
  const std::pair<const char*, bool> wishes[] = {
      {"gzip;q=0", false}, {"br, GZIP ; Q=0.5", true}, {"identity, gzip;q=0.000", false},
      {"*", true},         {"gzip;q=0, *", false},     {"*;q=0, gzip;q=0.001", true},
      {"*;q=0", false},    {"notgzip", false},         {"", false}};
  for (const auto& [wish, compressed] : wishes) {
    r.set(http::field::accept_encoding, wish);
    EXPECT_EQ(it().respond(r).fields.find("Content-Encoding: gzip") != std::string::npos, compressed) << wish;
  }
  const auto tag = plain.fields.substr(plain.fields.find("ETag: ") + 6, 18);
  r.set(http::field::if_none_match, tag);
  EXPECT_EQ(status(r), http::status::not_modified);
  EXPECT_EQ(status(get("/")), http::status::ok);
  EXPECT_EQ(status(get("/uPlot.js")), http::status::ok);
}

}  // namespace
}  // namespace mtcp::status
