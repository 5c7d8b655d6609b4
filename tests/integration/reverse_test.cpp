// The other way round: the server listens, and what it accepts is led to destinations of the client's.
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/content.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

using nlohmann::json;

const double rate = 10e6 * machine_speed;
const shape lines{.rate_up = rate, .rate_down = rate, .delay = 5ms};

plan reverse(const std::vector<std::string>& listeners, const std::vector<std::string>& allowed = {"0"}) {
  plan p{.lines = lines};
  for (const std::string& one : listeners) p.client_options.insert(p.client_options.end(), {"--reverse", one});
  for (const std::string& one : allowed) p.server_options.insert(p.server_options.end(), {"--allow-listen", one});
  return p;
}

std::string to(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

/// Where the server listens, as its client's log says from line `first` on.
std::uint16_t port_of(process& client, const std::string& listen = "0", std::size_t first = 0) {
  const auto line = "reverse " + listen + ": the server listens on .*:(\\d+)";
  return static_cast<std::uint16_t>(std::stoul(client.expect(line, 20s, first).at(1)));
}

/// GET of the first `size` bytes of the content, without any proxy.
struct fetching {
  fetching(const std::string& authority, std::uint64_t bytes) : size(bytes) {
    const std::string url = "http://" + authority + "/bytes/" + std::to_string(size);
    curl = std::make_unique<process>(
        std::vector<std::string>{"curl", "-sS", "-g", "--fail", "--noproxy", "*", "-o", body(), url});
  }
  std::string body() const { return (files / "body").string(); }
  void expect_intact() {
    EXPECT_EQ(curl->wait(60s).exit_code, 0) << curl->standard_error();
    EXPECT_EQ(file_sha256(files / "body"), content_sha256(size));
  }

  temp_dir files;
  std::uint64_t size;
  std::unique_ptr<process> curl;
};

TEST(Reverse, LeadsToAServerBehindTheClientOverAllBridges) {
  const origin web;
  deployment halves(reverse({"0=" + to(web.port())}));
  const auto size = static_cast<std::uint64_t>(6 * rate);
  fetching(to(port_of(halves.client())), size).expect_intact();
  for (const crossing& bridge : halves.lines().crossings()) EXPECT_GT(bridge.up, size / 10);
}

TEST(Reverse, LostBridgesLoseNothing) {
  const origin web;
  deployment halves(reverse({"0=" + to(web.port())}));
  const std::uint16_t port = port_of(halves.client());
  const auto size = static_cast<std::uint64_t>(6 * rate);
  fetching running(to(port), size);
  halves.wait_for_bytes(size / 4);
  halves.lines().lose(0, loss::reset);
  halves.wait_for_bytes(size / 4);
  halves.lines().lose_all(loss::silence);
  running.expect_intact();
  fetching(to(port), 1000).expect_intact();  // the port is the same
}

TEST(Reverse, AConnectionThatComesWithoutABridgeWaitsForOne) {
  const origin web;
  deployment halves(reverse({"0=" + to(web.port())}));
  const std::uint16_t port = port_of(halves.client());
  halves.lines().close_door();
  halves.lines().lose_all(loss::reset);
  halves.client().expect("tunnel down");
  fetching waiting(to(port), 1000);
  halves.lines().open_door();
  waiting.expect_intact();
}

TEST(Reverse, BothFamiliesAtBothEnds) {
  const origin four("127.0.0.1"), six("::1");
  const std::string v6 = "[::1]:" + std::to_string(six.port());
  deployment halves(reverse({"127.0.0.1:0=" + v6, "[::1]:0=localhost:" + std::to_string(four.port())}));
  const std::uint16_t first = port_of(halves.client(), "127.0.0.1:0");
  const std::uint16_t second = port_of(halves.client(), "\\[::1\\]:0");
  fetching(to(first), 100'000).expect_intact();
  fetching("[::1]:" + std::to_string(second), 100'000).expect_intact();
}

TEST(Reverse, APortOfAllAddressesTakesBothFamilies) {
  const origin web;
  deployment halves(reverse({"*:0=" + to(web.port())}, {"*:0"}));
  const std::uint16_t port = port_of(halves.client(), "\\*:0");
  fetching(to(port), 1000).expect_intact();
  fetching("[::1]:" + std::to_string(port), 1000).expect_intact();
}

std::vector<std::byte> content(std::size_t size) {
  std::vector<std::byte> bytes(size);
  fill_content(bytes, 0);
  return bytes;
}

TEST(Reverse, TheVisitorMayEndFirst) {
  const peer digest(habit::digest);
  deployment halves(reverse({"0=" + to(digest.port())}));
  socket visitor("127.0.0.1", port_of(halves.client()));
  visitor.send(content(300'000));
  visitor.shutdown_send();
  std::string answer;
  EXPECT_EQ(visitor.drain(answer), tail::end);
  EXPECT_EQ(answer, content_sha256(300'000));
}

TEST(Reverse, TheDestinationMayEndFirst) {
  const peer farewell(habit::farewell, 300'000);
  deployment halves(reverse({"0=" + to(farewell.port())}));
  socket visitor("127.0.0.1", port_of(halves.client()));
  std::string text;
  EXPECT_EQ(visitor.drain(text), tail::end);
  EXPECT_EQ(text.size(), 300'000u);
  visitor.send(content(200'000));
  visitor.shutdown_send();
  ASSERT_TRUE(farewell.wait([](auto& v) { return v.size() == 1 && v[0].over; }, 10s));
  EXPECT_FALSE(farewell.visits()[0].reset);
  EXPECT_EQ(farewell.visits()[0].sha256, content_sha256(200'000));
}

TEST(Reverse, ResetsPassBothWays) {
  const peer rude(habit::reset_after, 1000), listener(habit::listen);
  deployment halves(reverse({"0=" + to(rude.port()), "127.0.0.1:0=" + to(listener.port())}));
  socket first("127.0.0.1", port_of(halves.client()));
  first.send(content(1000));
  std::string text;
  EXPECT_EQ(first.drain(text), tail::reset);
  socket second("127.0.0.1", port_of(halves.client(), "127.0.0.1:0"));
  second.send("hello");
  ASSERT_TRUE(listener.wait([](auto& v) { return v.size() == 1 && v[0].received == 5; }, 10s));
  second.reset();
  ASSERT_TRUE(listener.wait([](auto& v) { return v[0].over; }, 10s));
  EXPECT_TRUE(listener.visits()[0].reset);
}

TEST(Reverse, WhatTheClientDoesNotReachIsReset) {
  deployment halves(reverse({"0=" + to(port_of_its_own())}));
  socket visitor("127.0.0.1", port_of(halves.client()));
  std::string nothing;
  EXPECT_EQ(visitor.drain(nothing), tail::reset);
  EXPECT_EQ(nothing, "");
}

TEST(Reverse, BothEndsShowTheConnectionAndTheListener) {
  const peer destination(habit::listen);
  const std::string where = to(destination.port());
  deployment halves(with_status(reverse({"0=" + where})));
  const std::uint16_t port = port_of(halves.client());
  socket visitor("127.0.0.1", port);
  visitor.send("hello");
  const std::string source = to(visitor.local_port());
  const auto carried = [](const json& streams) { return streams.size() == 1 && streams[0]["bytes_down"] == 5; };
  const json client = stats_when(halves.client(), [&](const json& s) { return carried(s["streams"]); });
  EXPECT_EQ(client["streams"][0]["target"], where);
  EXPECT_EQ(client["streams"][0]["source"], source);
  const json listener = client["tunnel"]["listeners"].at(0);
  EXPECT_EQ(listener["listen"], "0");
  EXPECT_EQ(listener["target"], where);
  EXPECT_EQ(listener["state"], "listening");
  EXPECT_EQ(listener["bound"], to(port));
  EXPECT_EQ(listener["accepted_total"], 1);
  const json server = stats_when(halves.server(), [&](const json& s) { return carried(s["tunnels"][0]["streams"]); });
  EXPECT_EQ(server["tunnels"][0]["streams"][0]["target"], to(port));
  EXPECT_EQ(server["tunnels"][0]["streams"][0]["source"], source);
  EXPECT_EQ(server["tunnels"][0]["listeners"][0]["bound"], to(port));
}

// An older server does not know how, and one of today has not been told to: its client says which, and goes on.
TEST(Reverse, SaysWhyTheServerDoesNotListen) {
  const origin web;
  deployment halves(with_status(reverse({"8080=" + to(web.port())}, {})));
  const auto why = halves.client().expect("reverse 8080: (the server does not allow it|the server is too old)");
  const json stats =
      stats_when(halves.client(), [](const json& s) { return !s["tunnel"]["listeners"][0]["last_error"].empty(); });
  const json listener = stats["tunnel"]["listeners"][0];
  EXPECT_EQ(listener["last_error"].get<std::string>().find(why[1]), 0u) << listener;
  EXPECT_EQ(listener["state"], why[1].ends_with("old") ? "unsupported" : "refused");
  const auto r = transfer::download(halves, web.url(""), 100'000).finish();
  EXPECT_TRUE(r.intact) << r.trouble;
}

TEST(Reverse, OfTwoWhoWantAPortTheSecondHasItOnceTheFirstIsGone) {
  const origin web;
  const std::uint16_t port = port_of_its_own();
  const std::string listen = std::to_string(port);
  deployment halves(reverse({listen + "=" + to(web.port())}, {listen}));
  port_of(halves.client(), listen);
  process second({client_program, "--key-file", halves.key_file(), "--socks", "none", "--status", "none", "--server",
                  to(halves.server_port()), "--reverse", listen + "=" + to(web.port())});
  second.expect("reverse " + listen + ": the port is in use at the server");
  EXPECT_EQ(halves.client().terminate().exit_code, 0);
  EXPECT_EQ(port_of(second, listen), port);
  fetching(to(port), 1000).expect_intact();
}

TEST(Reverse, AClientThatHasCrashedHasItsPortBackAtOnce) {
  const origin web;
  const std::string listen = std::to_string(port_of_its_own());
  deployment halves(reverse({listen + "=" + to(web.port())}, {listen}));
  port_of(halves.client(), listen);
  halves.client().send_signal(SIGKILL);
  halves.client().wait();
  process next({client_program, "--key-file", halves.key_file(), "--socks", "none", "--status", "none", "--server",
                to(halves.server_port()), "--reverse", listen + "=" + to(web.port())});
  fetching(to(port_of(next, listen)), 1000).expect_intact();
}

// Its session lives in some thread of the server's, the one before it perhaps in another: three of four clients meet
// that. It asks again after five seconds; without being freed the port would be taken for three minutes.
TEST(Reverse, AClientThatHasCrashedHasItsPortBackFromAnyThread) {
  const origin web;
  const std::string listen = std::to_string(port_of_its_own());
  plan p = reverse({listen + "=" + to(web.port())}, {listen});
  p.server_options.insert(p.server_options.end(), {"--threads", "4"});
  deployment halves(p);
  port_of(halves.client(), listen);
  halves.client().send_signal(SIGKILL);
  halves.client().wait();
  std::unique_ptr<process> next;
  for (int i = 0; i < 3; ++i) {
    next = std::make_unique<process>(
        std::vector<std::string>{client_program, "--key-file", halves.key_file(), "--socks", "none", "--status", "none",
                                 "--server", to(halves.server_port()), "--reverse", listen + "=" + to(web.port())});
    fetching(to(port_of(*next, listen)), 1000).expect_intact();
    next->send_signal(SIGKILL);
    next->wait();
  }
}

TEST(Reverse, ARestartedServerListensAgain) {
  const origin web;
  const std::string listen = std::to_string(port_of_its_own());
  deployment halves(reverse({listen + "=" + to(web.port())}, {listen}));
  const std::uint16_t port = port_of(halves.client(), listen);
  const std::size_t before = halves.client().lines();
  halves.replace_server();
  EXPECT_EQ(port_of(halves.client(), listen, before), port);
  fetching(to(port), 1000).expect_intact();
}

TEST(Reverse, ServesClientsOfEveryThread) {
  const origin web;
  plan p = reverse({"0=" + to(web.port())});
  p.server_options.insert(p.server_options.end(), {"--threads", "3"});
  deployment halves(p);
  fetching(to(port_of(halves.client())), 100'000).expect_intact();
  std::vector<std::unique_ptr<process>> others;
  for (int i = 0; i < 3; ++i)
    others.push_back(std::make_unique<process>(
        std::vector<std::string>{client_program, "--key-file", halves.key_file(), "--socks", "none", "--status", "none",
                                 "--server", to(halves.server_port()), "--reverse", "0=" + to(web.port())}));
  for (const auto& other : others) fetching(to(port_of(*other)), 100'000).expect_intact();
}

}  // namespace
}  // namespace mtcp::lab
