// The server cannot be reached: what applications are told.
#include <gtest/gtest.h>

#include <csignal>

#include "integration/deployment.hpp"
#include "support/peer.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

/// What the proxy says to `request`, to the end.
std::string answer_to(std::uint16_t port, const std::string& request) {
  socket s("127.0.0.1", port);
  s.send(request);
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  return text;
}

std::string http_get(const std::string& words) { return words + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"; }

const std::string no_login = octets({5, 1, 0});
const std::string target = octets({1, 192, 0, 2, 1, 0, 80});
const std::string unreachable = octets({5, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0});  // RFC 1928, section 6

TEST(Outage, RequestsAreRefusedAfterAWhileAndServedAgain) {
  deployment halves({.client_options = {"--connect-wait", "1s", "--forward", "127.0.0.1:0=192.0.2.1:80"}});
  const auto forwarded =
      static_cast<std::uint16_t>(std::stoul(halves.client().expect("listening forward .*:(\\d+)").at(1)));
  const std::uint16_t port = halves.socks_port();
  halves.server().send_signal(SIGKILL);
  halves.server().wait();
  EXPECT_EQ(answer_to(port, no_login + octets({5, 1, 0}) + target), unreachable) << "it waits, and is told";
  halves.client().expect("new requests are refused");
  const auto start = lab_clock::now();
  EXPECT_EQ(answer_to(port, no_login + octets({5, 1, 0}) + target), unreachable);
  EXPECT_EQ(answer_to(port, no_login + octets({5, 3, 0}) + target), unreachable) << "UDP ASSOCIATE";
  EXPECT_EQ(answer_to(port, octets({4, 1, 0, 80, 192, 0, 2, 1, 0})).substr(0, 2), octets({0, 91}));
  for (const char* words : {"CONNECT a:80", "GET http://a/"}) {
    const std::string said = answer_to(port, http_get(words));
    EXPECT_TRUE(said.starts_with("HTTP/1.1 503 ")) << said;
    EXPECT_NE(said.find("the tunnel is down"), std::string::npos) << said;
  }
  socket led("127.0.0.1", forwarded);
  std::string text;
  EXPECT_EQ(led.drain(text), tail::reset);
  EXPECT_LT(lab_clock::now() - start, 3s) << "none of them waits";

  const std::size_t before = halves.client().lines();
  halves.replace_server();
  halves.client().expect("tunnel up", 30s, before);
  const peer echo(habit::echo);
  const socket again = halves.stream_to("127.0.0.1", echo.port());
}

TEST(Outage, RequestsWaitForTheFirstMomentsOfAClient) {
  temp_dir files;
  const std::string key = make_key(files);
  process server(
      {server_program, "--key-file", key, "--listen", "127.0.0.1:0", "--status", "none", "--allow", "127.0.0.0/8"});
  const std::string port = server.expect("listening bridges .*:(\\d+)").at(1);
  server.send_signal(SIGSTOP);
  process client({client_program, "--key-file", key, "--server", "127.0.0.1:" + port, "--socks", "127.0.0.1:0",
                  "--status", "none"});
  const auto socks = static_cast<std::uint16_t>(std::stoul(client.expect("listening socks .*:(\\d+)").at(1)));
  const peer echo(habit::echo);
  socket early("127.0.0.1", socks);
  early.send(no_login + octets({5, 1, 0, 1, 127, 0, 0, 1}) + port_bytes(echo.port()));
  EXPECT_EQ(early.receive(2), octets({5, 0}));
  EXPECT_FALSE(early.readable(300ms)) << "it waits";
  server.send_signal(SIGCONT);
  EXPECT_EQ(early.receive(2), octets({5, 0}));
}

}  // namespace
}  // namespace mtcp::lab
