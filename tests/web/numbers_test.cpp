// What the programs say about themselves, against what an independent relay and curl counted.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

using document = nlohmann::json;

class Numbers : public testing::Test {
 protected:
  static std::uint64_t sum(const document& list, const char* field) {
    std::uint64_t all = 0;
    for (const auto& one : list) all += one[field].get<std::uint64_t>();
    return all;
  }
  static std::size_t in_state(const document& s, const std::string& state) {
    std::size_t count = 0;
    for (const auto& b : s["bridges"]) count += b["state"] == state;
    return count;
  }
};

/// TLS adds 22 bytes to a record of up to 16 KiB, and a greeting to every bridge.
void expect_carried(std::uint64_t frames, std::uint64_t crossed, std::size_t bridges) {
  EXPECT_LE(frames, crossed);
  EXPECT_LE(crossed, frames + frames / 50 + bridges * 16'384);
}

TEST_F(Numbers, AreThoseThatTheNetworkCounted) {
  constexpr std::uint64_t size = 8'000'000;
  const origin web;
  deployment halves(with_status());
  ASSERT_TRUE(transfer::download(halves, web.url(""), size).finish().intact);
  ASSERT_TRUE(transfer::upload(halves, web.url(""), size / 2).finish().intact);
  const document client = stats_when(halves.client(), [](auto& s) { return s["tunnel"]["streams_active"] == 0; });
  const document server = stats(halves.server())["tunnels"][0];
  for (const document& tunnel : {client["tunnel"], server}) {
    const auto down = tunnel["bytes_down"].get<std::uint64_t>(), up = tunnel["bytes_up"].get<std::uint64_t>();
    EXPECT_GE(down, size);
    EXPECT_LE(down, size + 2'000);  // HTTP headers
    EXPECT_GE(up, size / 2);
    EXPECT_LE(up, size / 2 + 2'000);
    EXPECT_EQ(tunnel["streams_total"], 2);
  }
  std::uint64_t up = 0, down = 0;
  for (const crossing& c : halves.lines().crossings()) {
    up += c.up;
    down += c.down;
  }
  for (const document& end : {client, server}) {
    expect_carried(sum(end["bridges"], "bytes_up"), up, 3);
    expect_carried(sum(end["bridges"], "bytes_down"), down, 3);
  }
}

TEST_F(Numbers, HistoryAddsUpToTheCounters) {
  const origin web;
  deployment halves(with_status());
  ASSERT_TRUE(transfer::download(halves, web.url(""), 8'000'000).finish().intact);
  const document before = stats(halves.client());
  stats_when(halves.client(), [&](auto& s) { return s["tick"] > before["tick"]; });
  const document history = document::parse(fetch(halves.client(), "/api/history"));
  double charted = 0;
  for (const auto& b : history["bridges"])
    for (const auto& rate : b["down"]) charted += rate.get<double>();
  const auto counted = static_cast<double>(sum(before["bridges"], "bytes_down"));
  EXPECT_NEAR(charted, counted, counted * 0.05);  // a second is never quite a second
}

TEST_F(Numbers, RateIsThatOfTheLine) {
  const double rate = 1.5e6;  // also for a sanitizer
  const origin web;
  deployment halves(with_status({.lines = {.rate_up = rate, .rate_down = rate}, .bridges = 2}));
  auto running = transfer::download(halves, web.url(""), static_cast<std::uint64_t>(16 * rate));
  const auto all = [](const document& s) { return s["tunnel"]["rate_down"].get<double>(); };
  stats_when(halves.client(), [&](auto& s) { return all(s) > 1.6 * rate && all(s) < 2.4 * rate; });
  EXPECT_TRUE(running.finish().intact);
}

TEST_F(Numbers, ShowStreamsAndWhereTheyGo) {
  const peer listening(habit::listen);
  deployment halves(with_status());
  socket open = halves.stream_to("127.0.0.1", listening.port());
  open.send("12345");
  const std::string target = "127.0.0.1:" + std::to_string(listening.port());
  const document s = stats_when(halves.client(), [](auto& now) { return sum(now["streams"], "bytes_up") == 5; });
  EXPECT_EQ(s["streams"][0]["target"], target);
  EXPECT_EQ(stats(halves.server())["tunnels"][0]["streams"][0]["target"], target);
}

TEST_F(Numbers, ALostBridgeIsDownUntilItIsReplaced) {
  deployment halves(with_status());
  halves.lines().close_door();
  halves.lines().lose(1, loss::reset);
  const document s = stats_when(halves.client(), [](auto& now) { return in_state(now, "down") == 1; });
  EXPECT_EQ(in_state(s, "up"), 2U);
  halves.lines().open_door();
  stats_when(halves.client(), [](auto& now) { return in_state(now, "up") == 3 && in_state(now, "down") == 0; });
}

TEST_F(Numbers, MetricsAreWhatPrometheusReads) {
  if (!installed("promtool")) GTEST_SKIP() << "no promtool (Debian: prometheus)";
  deployment halves(with_status());
  for (process* program : {&halves.client(), &halves.server()}) {
    const std::string url = "http://" + status_of(*program) + "/metrics";
    const run_result checked = run({"sh", "-c", "curl -sS " + url + " | promtool check metrics"});
    EXPECT_EQ(checked.end.exit_code, 0) << checked.standard_output << checked.standard_error;
    EXPECT_EQ(checked.standard_error, "");
    EXPECT_NE(fetch(*program, "/metrics").find("mtcp_bridge_bytes_total{"), std::string::npos);
  }
}

TEST_F(Numbers, HealthIsAskedForByASubcommand) {
  const peer listening(habit::listen);
  deployment halves(with_status());
  const std::string client = status_of(halves.client()), server = status_of(halves.server());
  const auto ask = [](const char* program, const std::string& where) {
    return run({program, "--status", where, "health"});
  };
  EXPECT_EQ(ask(client_program, client).end.exit_code, 0);
  EXPECT_EQ(ask(client_program, client).standard_output, "ready\n");
  EXPECT_EQ(ask(server_program, server).end.exit_code, 0);
  const socket open = halves.stream_to("127.0.0.1", listening.port());
  halves.client().send_signal(SIGTERM);
  halves.client().expect("draining");
  EXPECT_EQ(ask(client_program, client).standard_output, "draining\n");
  EXPECT_EQ(ask(client_program, client).end.exit_code, 1);
  EXPECT_EQ(run({client_program, "--status", "127.0.0.1:1", "health"}).end.exit_code, 1);
}

TEST_F(Numbers, AThousandSubscribersNeitherGrowMemoryNorStopTheTunnel) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const origin web;
  deployment halves(with_status());
  const std::string where = status_of(halves.client());
  const auto port = static_cast<std::uint16_t>(std::stoul(where.substr(where.find(':') + 1)));
  const std::size_t before = halves.client().peak_memory();
  std::vector<socket> subscribers;
  for (int i = 0; i < 1'000; ++i)
    subscribers.emplace_back("127.0.0.1", port).send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  int seated = 0;
  for (socket& s : subscribers) seated += s.receive_some().starts_with("HTTP/1.1 200 ");
  EXPECT_EQ(seated, 16);
  const std::size_t kept_by_sanitizer = machine_speed < 1 ? 64U << 20 : 0;  // freed memory rests in quarantine
  EXPECT_LT(halves.client().peak_memory() - before, (8U << 20) + kept_by_sanitizer);
  EXPECT_TRUE(transfer::download(halves, web.url(""), 1'000'000).finish().intact);
}

}  // namespace
}  // namespace mtcp::lab
