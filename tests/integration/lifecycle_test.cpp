// Starting, ending and coming back.
#include <gtest/gtest.h>

#include <csignal>
#include <regex>

#include "integration/deployment.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

double seconds_of(process& p, ending& end) {
  const auto start = lab_clock::now();
  end = p.terminate();
  return std::chrono::duration<double>(lab_clock::now() - start).count();
}

TEST(Lifecycle, IdleHalvesEndAtOnceOnSigterm) {
  deployment halves;
  for (process* p : {&halves.client(), &halves.server()}) {
    ending end;
    EXPECT_LT(seconds_of(*p, end), 3);
    EXPECT_EQ(end.exit_code, 0) << p->standard_error();
  }
}

// Once, in the words of --version: an administrator can tell a slow library from a slow line.
TEST(Lifecycle, BothHalvesLogWhoseAesTheyUse) {
  deployment halves;
  for (process* half : {&halves.client(), &halves.server()}) {
    process asked({half == &halves.client() ? client_program : server_program, "--version"});
    EXPECT_EQ(asked.wait().exit_code, 0);
    std::smatch aes;
    const std::string version = asked.standard_output();
    ASSERT_TRUE(std::regex_search(version, aes, std::regex("AES-128-GCM: .+"))) << version;
    half->terminate();
    const std::string log = half->standard_error();
    const std::size_t first = log.find(" info " + aes.str() + "\n");
    ASSERT_NE(first, std::string::npos) << log;
    EXPECT_EQ(log.find("AES-128-GCM", first + 8), std::string::npos) << log;
  }
}

// Browsers connect before they know what for, and keep connections for later.
TEST(Lifecycle, ConnectionsThatAskForNothingDoNotDelayTheEnd) {
  deployment halves;
  const origin web;
  socket silent("127.0.0.1", halves.socks_port()), kept("127.0.0.1", halves.socks_port());
  kept.send("GET " + web.url("/bytes/10") + " HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string answer;
  while (answer.size() < 10 || answer.find("\r\n\r\n") > answer.size() - 14) answer += kept.receive(1);
  ending end;
  EXPECT_LT(seconds_of(halves.client(), end), 3);
  EXPECT_EQ(end.exit_code, 0);
}

TEST(Lifecycle, AStuckStreamDelaysTheEndByTheDrainTimeAtMost) {
  deployment halves;
  const peer stuck(habit::stuck);
  const auto s = halves.stream_to("127.0.0.1", stuck.port());
  for (process* p : {&halves.client(), &halves.server()}) {
    ending end;
    EXPECT_LT(seconds_of(*p, end), 10);
    EXPECT_EQ(end.exit_code, 0) << p->standard_error();
  }
}

TEST(Lifecycle, SecondSigtermEndsAtOnce) {
  deployment halves;
  const peer stuck(habit::stuck);
  const auto s = halves.stream_to("127.0.0.1", stuck.port());
  halves.client().send_signal(SIGTERM);
  halves.client().expect("SIGTERM|drain");
  ending end;
  EXPECT_LT(seconds_of(halves.client(), end), 2);
  EXPECT_FALSE(end.timed_out);
}

TEST(Lifecycle, ARunningTransferMayEndFirst) {
  deployment halves({.lines = {.rate_down = 2e6}});
  const origin web;
  auto running = transfer::download(halves, web.url(""), 9'000'000);
  halves.wait_for_bytes(1'000'000);
  halves.client().send_signal(SIGTERM);
  const auto r = running.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_EQ(halves.client().wait().exit_code, 0);
}

TEST(Lifecycle, ClientFindsTheServerAgain) {
  deployment halves;
  const origin web;
  const peer echo(habit::echo);
  auto old = halves.stream_to("127.0.0.1", echo.port());
  const std::size_t before = halves.client().lines();
  halves.replace_server();
  std::string text;
  EXPECT_EQ(old.drain(text), tail::reset) << "streams of a server that is gone end with a reset";
  halves.client().expect("tunnel up", 20s, before);
  const auto r = transfer::download(halves, web.url(""), 1'000'000).finish();
  EXPECT_TRUE(r.intact) << r.trouble;
}

TEST(Lifecycle, ClientMayStartBeforeTheServer) {
  temp_dir files;
  const std::string key = make_key(files);
  network door({asio::ip::address_v4::loopback(), port_of_its_own()}, {});
  process client({client_program, "--key-file", key, "--server", "127.0.0.1:" + std::to_string(door.port()), "--socks",
                  "127.0.0.1:0"});
  client.expect("listening socks");
  ASSERT_TRUE(door.wait([](auto& all) { return all.size() > 4; }, 20s)) << "the client gave up";
  ending end;
  EXPECT_LT(seconds_of(client, end), 3);
  EXPECT_EQ(end.exit_code, 0);
}

}  // namespace
}  // namespace mtcp::lab
