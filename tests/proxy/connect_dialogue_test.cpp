// Whole dialogues with proxies in front of a server, by the book and otherwise.
#include "mtcp/proxy/connect_dialogue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mtcp/proxy/http_connect.hpp"
#include "mtcp/proxy/socks5_client.hpp"
#include "proxy/bytes.hpp"

namespace mtcp::proxy {
namespace {

using kind = rejection::kind;
using protocol = proxy_options::protocol;
using test::byte_vector;
using test::bytes_of;
using test::operator+;

const core::target server{"vpn.example.org", 8443};
const proxy_options socks{.speaks = protocol::socks5, .host = "p", .port = 1080};
const proxy_options http{.speaks = protocol::http, .host = "p", .port = 3128};

proxy_options with_login(proxy_options by) {
  by.user = "alice";
  by.password = "s3cret";
  return by;
}

/// What remains of a dialogue in which the proxy says `answers`, all at once or in pieces of `piece` bytes.
struct played {
  byte_vector said;  // by the client
  byte_vector rest;  // of the answers
  std::optional<rejection> rejected;
  bool connected = false;
};

played play(const proxy_options& by, const byte_vector& answers, std::size_t piece) {
  connect_dialogue d(by, server);
  played out;
  std::span<const std::byte> left(answers);
  std::size_t visible = 0;
  while (!d.over()) {
    const byte_vector output = d.take_output();
    out.said.insert(out.said.end(), output.begin(), output.end());
    if (visible == 0 && left.empty()) {
      d.ended();
      break;
    }
    if (visible == 0) visible = std::min(piece, left.size());
    const std::size_t taken = d.take(left.first(visible));
    EXPECT_LE(taken, visible);
    left = left.subspan(taken);
    visible -= taken;
  }
  EXPECT_TRUE(d.take_output().empty());
  out.rest.assign(left.begin(), left.end());
  out.rejected = d.rejected();
  out.connected = d.connected();
  return out;
}

const byte_vector early = bytes_of("what the server said");

void expect_connected(const proxy_options& by, const byte_vector& said, const byte_vector& answers) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    const played p = play(by, answers + early, piece);
    EXPECT_TRUE(p.connected) << piece;
    EXPECT_EQ(p.said, said) << piece;
    EXPECT_EQ(p.rest, early) << "it took too much or too little, by " << piece;
  }
}

void expect_rejected(const proxy_options& by, const byte_vector& answers, rejection why) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U, 100'000U}) {
    const played p = play(by, answers, piece);
    EXPECT_FALSE(p.connected);
    ASSERT_TRUE(p.rejected);
    EXPECT_EQ(*p.rejected, why) << to_string(*p.rejected, by.speaks) << " instead of " << to_string(why, by.speaks);
  }
}

const byte_vector granted = bytes_of({5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90});

TEST(ConnectDialogue, OfSocks5) {
  expect_connected(socks, encode_greeting(false) + encode_request(server), bytes_of({5, 0}) + granted);
  const proxy_options named = with_login(socks);
  expect_connected(named, encode_greeting(true) + encode_login({"alice", "s3cret"}) + encode_request(server),
                   bytes_of({5, 2, 1, 0}) + granted);
  expect_connected(named, encode_greeting(true) + encode_request(server), bytes_of({5, 0}) + granted);
  expect_connected(socks, encode_greeting(false) + encode_request(server),
                   bytes_of({5, 0}) + bytes_of({5, 0, 0, 3, 255}) + byte_vector(255 + 2, std::byte{1}));
}

TEST(ConnectDialogue, OfHttp) {
  expect_connected(http, encode_connect(server, nullptr), bytes_of("HTTP/1.1 200 OK\r\n\r\n"));
  const credentials login{"alice", "s3cret"};
  expect_connected(with_login(http), encode_connect(server, &login),
                   bytes_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\n"));
}

TEST(ConnectDialogue, KnowsWhoWasRefused) {
  expect_rejected(socks, bytes_of({5, 0xff}), {kind::login_wanted});
  expect_rejected(with_login(socks), bytes_of({5, 0xff}), {kind::login_refused});
  expect_rejected(with_login(socks), bytes_of({5, 2, 1, 1}), {kind::login_refused});
  expect_rejected(socks, bytes_of({5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0}), {kind::server_refused, 5});
  expect_rejected(socks, bytes_of({5, 0, 5, 99}), {kind::server_refused, 99});
  const byte_vector login_required = bytes_of("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n");
  expect_rejected(http, login_required, {kind::login_wanted});
  expect_rejected(with_login(http), login_required, {kind::login_refused});
  expect_rejected(http, bytes_of("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"), {kind::server_refused, 503});
}

TEST(ConnectDialogue, KnowsAProxyOfAnotherKind) {
  expect_rejected(socks, bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n"), {kind::foreign});
  expect_rejected(http, bytes_of({5, 0xff}), {kind::foreign});
  expect_rejected(socks, bytes_of({5, 2}), {kind::foreign});  // a method that was not offered
  expect_rejected(socks, bytes_of({5, 1}), {kind::foreign});
  expect_rejected(with_login(socks), bytes_of({5, 2, 5, 0}), {kind::foreign});
  expect_rejected(socks, bytes_of({5, 0, 5, 0, 0, 9}), {kind::foreign});
}

TEST(ConnectDialogue, KnowsAnEndInTheMiddle) {
  for (const byte_vector& part : {byte_vector(), bytes_of({5}), bytes_of({5, 0}), bytes_of({5, 0, 5, 0, 0, 1, 127})})
    expect_rejected(socks, part, {kind::closed});
  for (const char* part : {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nVia: a\r\n", "HTTP/1.1 100 x\r\n\r\n"})
    expect_rejected(http, bytes_of(part), {kind::closed});
}

TEST(ConnectDialogue, EndsWithWhoeverNeverStops) {
  const std::string field = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  std::string head = "HTTP/1.1 200 OK\r\n", interim;
  while (head.size() <= 2 * max_connect_answer) head += field;
  while (interim.size() <= 2 * max_connect_answer) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  expect_rejected(http, bytes_of(head), {kind::foreign});
  expect_rejected(http, bytes_of(interim), {kind::foreign});
  expect_rejected(http, bytes_of("HTTP/1.1 200 " + std::string(2 * max_connect_answer, 'x')), {kind::foreign});
  connect_dialogue d(http, server);
  EXPECT_EQ(d.take(bytes_of(head)), max_connect_answer) << "no more is held";
}

TEST(ConnectDialogue, TakesAHeadOfTheGreatestLength) {
  std::string head = "HTTP/1.1 200 OK\r\nX: ";
  head += std::string(max_connect_answer - head.size() - 4, 'x') + "\r\n\r\n";
  ASSERT_EQ(head.size(), max_connect_answer);
  expect_connected(http, encode_connect(server, nullptr), bytes_of(head));
}

TEST(ConnectDialogue, TellsWhenItHasAsked) {
  connect_dialogue d(socks, server);
  d.take_output();
  EXPECT_FALSE(d.has_asked());
  d.take(bytes_of({5, 0}));
  EXPECT_TRUE(d.has_asked());
  EXPECT_TRUE(connect_dialogue(http, server).has_asked());
}

TEST(Rejection, IsToldInWords) {
  EXPECT_EQ(to_string({kind::server_refused, 5}, protocol::socks5),
            "the proxy refused the server: connection refused (reply 5)");
  EXPECT_EQ(to_string({kind::server_refused, 200}, protocol::socks5),
            "the proxy refused the server: for a reason of its own (reply 200)");
  EXPECT_EQ(to_string({kind::server_refused, 403}, protocol::http), "the proxy refused the server: HTTP status 403");
  EXPECT_EQ(to_string({kind::foreign}, protocol::http), "what answers is no HTTP proxy");
}

TEST(ProxyOptions, AreShownWithoutTheUser) {
  EXPECT_EQ(to_string(with_login(socks)), "socks5://p:1080");
  EXPECT_EQ(to_string(proxy_options{.speaks = protocol::http, .host = "::1", .port = 80}), "http://[::1]:80");
}

}  // namespace
}  // namespace mtcp::proxy
