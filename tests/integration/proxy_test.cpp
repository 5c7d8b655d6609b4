// What the local listener grants and refuses, and how.
#include <gtest/gtest.h>

#include "integration/deployment.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

/// A port where nobody listens.
std::uint16_t closed_port() { return peer(habit::listen).port(); }

int reply_to(deployment& halves, const std::string& host, std::uint16_t port) {
  socket s("127.0.0.1", halves.socks_port());
  return socks_connect(s, host, port).code;
}

TEST(Proxy, ReachesAddressesOfBothFamiliesAndNames) {
  deployment halves;
  const origin four, six("::1");
  const std::string name = "http://localhost:" + std::to_string(four.port());
  for (const auto& url : {four.url(""), six.url(""), name}) {
    const auto r = transfer::download(halves, url, 100'000).finish();
    EXPECT_TRUE(r.intact) << url << ": " << r.trouble;
  }
}

TEST(Proxy, TellsWhyNot) {
  deployment halves;
  EXPECT_EQ(reply_to(halves, "127.0.0.1", closed_port()), 5);
  EXPECT_EQ(reply_to(halves, "nothing.invalid", 80), 4);
  EXPECT_EQ(reply_to(halves, "169.254.169.254", 80), 2);
}

// U+009B begins a command to a terminal, and is no control character of ASCII.
TEST(Proxy, EscapesWhatItLogs) {
  deployment halves({.server_options = {"--log-level", "debug"}, .client_options = {"--log-level", "debug"}});
  EXPECT_EQ(reply_to(halves, "a\xc2\x9b.localhost", 80), 2);
  for (process* half : {&halves.client(), &halves.server()}) half->expect(R"(debug .* a\\xc2\\x9b\.localhost:80)");
}

TEST(Proxy, RefusesPrivateDestinationsByDefault) {
  deployment halves({.server_options = {}});
  const peer listener(habit::listen), six(habit::listen, 0, "::1");
  for (const char* host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"})
    EXPECT_EQ(reply_to(halves, host, listener.port()), 2) << host;
  EXPECT_EQ(reply_to(halves, "::1", six.port()), 2);
  for (const char* host : {"10.0.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "fe80::1", "fc00::1"})
    EXPECT_EQ(reply_to(halves, host, 80), 2) << host;
  EXPECT_TRUE(listener.visits().empty());
  EXPECT_TRUE(six.visits().empty());
}

TEST(Proxy, CurlUnderstandsARefusal) {
  deployment halves;
  const std::string url = "http://127.0.0.1:" + std::to_string(closed_port());
  const std::string proxy = "127.0.0.1:" + std::to_string(halves.socks_port());
  const auto r = run({"curl", "-sS", "--socks5-hostname", proxy, url});
  EXPECT_EQ(r.end.exit_code, 97) << r.standard_error;
}

TEST(Proxy, DropsWhatIsNotSocks) {
  deployment halves;
  socket s("127.0.0.1", halves.socks_port());
  s.send("\x16\x03\x01");
  std::string text;
  EXPECT_NE(s.drain(text), tail::timeout);
  EXPECT_TRUE(text.empty());
}

TEST(Forward, LeadsToItsDestination) {
  const peer echo(habit::echo);
  deployment halves({.client_options = {"--forward", "127.0.0.1:0=127.0.0.1:" + std::to_string(echo.port())}});
  const auto line = halves.client().expect("listening forward .*?:(\\d+)");
  socket s("127.0.0.1", static_cast<std::uint16_t>(std::stoul(line.at(1))));
  s.send("through");
  s.shutdown_send();
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(text, "through");
}

}  // namespace
}  // namespace mtcp::lab
