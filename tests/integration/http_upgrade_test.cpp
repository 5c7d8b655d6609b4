// Requests through the HTTP proxy that need their connection: for another protocol, or for a login.
#include <gtest/gtest.h>

#include "integration/deployment.hpp"
#include "integration/http_talk.hpp"
#include "support/scripted.hpp"

namespace mtcp::lab {
namespace {

const std::string switches =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";

std::string upgrade(const scripted& web, const std::string& to = "websocket", const std::string& scheme = "http") {
  return "GET " + scheme + "://" + web.authority() + "/chat HTTP/1.1\r\nHost: " + web.authority() +
         "\r\nConnection: keep-alive, Upgrade\r\nUpgrade: " + to + "\r\nSec-WebSocket-Key: y\r\n\r\n";
}

TEST(HttpUpgrade, JoinsBothSides) {
  deployment halves;
  for (const char* scheme : {"http", "ws", "WS"}) {
    const scripted web(switches + "\x81\x05hello\r\n", scripted::after::echo);
    socket s = application(halves);
    s.send(upgrade(web, "websocket", scheme) + "early\n");
    const std::string head = read_head(s);
    EXPECT_EQ(status_of(head), 101) << head;
    EXPECT_TRUE(has(head, "Upgrade: websocket\r\n") && has(head, "Connection: Upgrade\r\n") &&
                has(head, "Sec-WebSocket-Accept: x\r\n"))
        << head;
    EXPECT_EQ(s.receive(15), "\x81\x05hello\r\nearly\n") << "what came behind either head";
    s.send("GET / HTTP/1.1\r\n");
    EXPECT_EQ(s.receive(16), "GET / HTTP/1.1\r\n") << "bytes are bytes now";
    s.shutdown_send();
    std::string rest;
    EXPECT_EQ(s.drain(rest), tail::end);
    const std::string asked = web.requests().at(0);
    EXPECT_TRUE(asked.starts_with("GET /chat HTTP/1.1\r\n")) << asked;
    EXPECT_TRUE(has(asked, "Connection: Upgrade\r\n") && has(asked, "Upgrade: websocket\r\n")) << asked;
    EXPECT_TRUE(has(asked, "Sec-WebSocket-Key: y\r\n")) << asked;
  }
}

TEST(HttpUpgrade, MayBeDeclined) {
  deployment halves;
  const scripted web("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", scripted::after::wait);
  socket s = application(halves);
  for (int round = 0; round < 2; ++round) {
    s.send(upgrade(web));
    EXPECT_EQ(status_of(read_head(s)), 403);
    EXPECT_EQ(s.receive(2), "no");
  }
}

TEST(HttpUpgrade, IsNotForHttp2NorForOldApplications) {
  deployment halves;
  const scripted web(short_answer);
  socket s = application(halves);
  for (const char* to : {"h2c", "H2C, websocket"}) {
    s.send(upgrade(web, to));
    EXPECT_EQ(status_of(read_head(s)), 200);
    EXPECT_EQ(s.receive(2), "ok");
  }
  whole_answer(halves, "GET http://" + web.authority() + "/ HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
  const auto asked = web.requests();
  EXPECT_FALSE(has(asked.at(0), "Upgrade:")) << asked[0];
  EXPECT_TRUE(has(asked.at(1), "Upgrade: websocket\r\n")) << asked[1];
  EXPECT_FALSE(has(asked.at(2), "Upgrade:")) << asked[2];
}

const std::string challenge =
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM TlRMTVNTUAAC\r\nContent-Length: 2\r\n\r\nno";

std::string get_with(const scripted& web, const std::string& credentials) {
  return get(web.authority(), "/", "Authorization: " + credentials + "\r\n");
}

/// Sends it and reads the answer, whose body has two bytes. Returns its head.
std::string ask(socket& s, const std::string& request) {
  s.send(request);
  std::string head = read_head(s);
  EXPECT_EQ(s.receive(2).size(), 2u);
  return head;
}

TEST(HttpLogin, HasOneConnectionForAllItsMessages) {
  deployment halves;
  for (const char* scheme : {"NTLM", "Negotiate", "ntlm"}) {
    const scripted web({challenge, short_answer, short_answer}, scripted::after::wait);
    socket s = application(halves);
    const std::string head = ask(s, get_with(web, scheme + std::string(" TlRMTVNTUAAB")));
    EXPECT_EQ(status_of(head), 401);
    EXPECT_TRUE(has(head, "Proxy-Support: Session-Based-Authentication\r\n")) << head;
    EXPECT_EQ(status_of(ask(s, get_with(web, scheme + std::string(" TlRMTVNTUAAD")))), 200);
    EXPECT_EQ(status_of(ask(s, get(web.authority()))), 200);
    EXPECT_EQ(web.connections(), 1);
    for (const std::string& asked : web.requests()) EXPECT_TRUE(has(asked, "Connection: keep-alive\r\n")) << asked;
  }
}

TEST(HttpLogin, MayComeBeforeAnotherProtocol) {
  deployment halves;
  const scripted web({challenge, switches}, scripted::after::echo);
  socket s = application(halves);
  std::string first = upgrade(web);
  ask(s, first.insert(first.size() - 2, "Authorization: NTLM x\r\n"));
  s.send(upgrade(web));
  EXPECT_EQ(status_of(read_head(s)), 101);
  EXPECT_EQ(web.connections(), 1);
  s.send("hello");
  EXPECT_EQ(s.receive(5), "hello");
}

TEST(HttpLogin, IsOfOneApplicationAndOneAuthority) {
  deployment halves;
  const scripted web({challenge, short_answer}, scripted::after::wait), other(short_answer);
  socket s = application(halves);
  ask(s, get_with(web, "NTLM x"));
  ask(s, get(other.authority()));
  EXPECT_EQ(status_of(ask(s, get(web.authority()))), 401) << "on a connection of its own";
  EXPECT_EQ(web.connections(), 2);
  socket second = application(halves);
  EXPECT_EQ(status_of(ask(second, get(web.authority()))), 401);
  EXPECT_EQ(web.connections(), 3);
}

TEST(HttpLogin, IsOnlyWhatAsksForIt) {
  deployment halves;
  const scripted web({challenge, short_answer}, scripted::after::wait);
  socket s = application(halves);
  for (const char* other : {"Basic YTpi", "Bearer x", "NTLMx y"}) ask(s, get_with(web, other));
  EXPECT_EQ(web.connections(), 3);
}

TEST(HttpLogin, BeginsAnewWhereTheOriginHasClosed) {
  deployment halves;
  // Closed behind the response; closed instead of another; a response that ends with the connection; one too many.
  const scripted ends(challenge), says_nothing({challenge, ""}),
      closes("HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", scripted::after::wait),
      says_more(challenge + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", scripted::after::wait);
  for (const scripted* web : {&ends, &says_nothing, &closes, &says_more}) {
    socket s = application(halves);
    for (int round = 0; round < 2; ++round) EXPECT_EQ(status_of(ask(s, get_with(*web, "NTLM x"))), 401);
    EXPECT_EQ(web->connections(), 2);
  }
}

TEST(HttpLogin, SendsNothingTwiceThatMayNotBeSentTwice) {
  deployment halves;
  const scripted web({challenge, ""});
  socket s = application(halves);
  ask(s, get_with(web, "NTLM x"));
  s.send("POST http://" + web.authority() + "/ HTTP/1.1\r\nAuthorization: NTLM y\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(status_of(read_head(s)), 502);
  EXPECT_EQ(web.connections(), 1);
}

}  // namespace
}  // namespace mtcp::lab
