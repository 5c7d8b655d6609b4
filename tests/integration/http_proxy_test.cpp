// The local port as an HTTP proxy (RFC 9110, RFC 9112).
#include <gtest/gtest.h>

#include <csignal>

#include "integration/deployment.hpp"
#include "integration/http_talk.hpp"
#include "support/content.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"
#include "support/scripted.hpp"

namespace mtcp::lab {
namespace {

TEST(HttpConnect, OpensATunnel) {
  deployment halves;
  const peer echo(habit::echo);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    socket s = application(halves);
    for (const char byte : connect_to(echo.port(), host)) s.send(std::string(1, byte));
    EXPECT_EQ(read_head(s), "HTTP/1.1 200 Connection established\r\n\r\n");
    s.send("hello");
    EXPECT_EQ(s.receive(5), "hello");
  }
}

TEST(HttpConnect, SendsEarlyBytesAlong) {
  deployment halves;
  const peer digest(habit::digest);
  socket s = application(halves);
  s.send(connect_to(digest.port()) + std::string(100'000, 'x'));
  s.shutdown_send();
  EXPECT_EQ(status_of(read_head(s)), 200);
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(digest.visits().at(0).received, 100'000u);
}

TEST(HttpConnect, CarriesResets) {
  deployment halves;
  const peer rude(habit::reset_after, 5);
  socket s = application(halves);
  s.send(connect_to(rude.port()));
  EXPECT_EQ(status_of(read_head(s)), 200);
  s.send("hello");
  std::string text;
  EXPECT_EQ(s.drain(text), tail::reset);
}

TEST(HttpProxy, TellsWhyNot) {
  deployment halves;
  const std::uint16_t closed = peer(habit::listen).port();
  EXPECT_EQ(answer_to(halves, connect_to(closed)), 502);
  EXPECT_EQ(answer_to(halves, connect_to(80, "10.0.0.1")), 403);
  EXPECT_EQ(answer_to(halves, connect_to(80, "nothing.invalid")), 504);
  EXPECT_EQ(answer_to(halves, get("127.0.0.1:" + std::to_string(closed))), 502);
  EXPECT_EQ(answer_to(halves, get("10.0.0.1")), 403);
}

TEST(HttpProxy, RefusesWhatIsNone) {
  deployment halves;
  for (const char* bad :
       {"GET\r\n\r\n", "GET / HTTP/1.1 x\r\n\r\n", "CONNECT nowhere HTTP/1.1\r\n\r\n", "CONNECT a:0 HTTP/1.1\r\n\r\n",
        "GET https://127.0.0.1/ HTTP/1.1\r\n\r\n", "GET ftp://127.0.0.1/ HTTP/1.1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n", "GET http://127.0.0.1:x/ HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST http://127.0.0.1/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST http://127.0.0.1/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"})
    EXPECT_EQ(answer_to(halves, bad), 400) << bad;
  EXPECT_EQ(answer_to(halves, "GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x')), 431);
}

TEST(HttpProxy, AnswersRequestsToItselfWithTheConfigurationOnly) {
  deployment halves;
  const auto ask = [&](const std::string& head) {
    socket s = application(halves);
    s.send(head + "\r\n\r\n");
    std::string text;
    EXPECT_EQ(s.drain(text), tail::end);
    return text;
  };
  const std::string here = "127.0.0.1:" + std::to_string(halves.socks_port());
  const std::string script = ask("GET /proxy.pac HTTP/1.1\r\nHost: proxy.test:4711");
  EXPECT_EQ(status_of(script), 200);
  EXPECT_TRUE(has(script, "application/x-ns-proxy-autoconfig"));
  EXPECT_TRUE(has(script, "SOCKS5 proxy.test:4711; PROXY proxy.test:4711")) << script;
  for (const char* head : {"GET /proxy.pac HTTP/1.0", "GET /proxy.pac?x HTTP/1.1\r\nHost: a\"b:1"})
    EXPECT_TRUE(has(ask(head), "SOCKS5 127.0.0.1:")) << head;
  EXPECT_TRUE(has(ask("GET /proxy.pac HTTP/1.0"), "SOCKS5 " + here));
  EXPECT_TRUE(ask("HEAD /proxy.pac HTTP/1.1").ends_with("\r\n\r\n"));
  EXPECT_EQ(status_of(ask("GET / HTTP/1.1")), 404);
  EXPECT_EQ(status_of(ask("POST /proxy.pac HTTP/1.1")), 404);
}

TEST(HttpProxy, AsksTheDestinationAsAnyClientDoes) {
  deployment halves;
  const scripted web(short_answer);
  socket s = application(halves);
  s.send("GET http://user:pass@" + web.authority() +
         "/a?b HTTP/1.1\r\nHost: other.test\r\nConnection: keep-alive, X-Hop, Host, Content-Length\r\nX-Hop: 1\r\n"
         "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\nTE: trailers\r\nUpgrade: websocket\r\n"
         "Keep-Alive: 300\r\nX-End: 2\r\n\r\n");
  EXPECT_EQ(status_of(read_head(s)), 200);
  EXPECT_EQ(s.receive(2), "ok");
  EXPECT_EQ(web.requests().at(0),
            "GET /a?b HTTP/1.1\r\nX-End: 2\r\nHost: " + web.authority() + "\r\nConnection: close\r\n\r\n");
}

TEST(HttpProxy, KeepsAConnectionForRequestsToDifferentHosts) {
  deployment halves;
  const origin one, two;
  socket s = application(halves);
  for (int round = 0; round < 2; ++round)
    for (const origin* web : {&one, &two}) {
      s.send(get(authority_of(*web), "/bytes/1000"));
      const std::string head = read_head(s);
      EXPECT_EQ(status_of(head), 200);
      EXPECT_FALSE(has(head, "Connection: close"));
      EXPECT_EQ(read_body(s, head).size(), 1000u);
    }
}

// As every origin does that the proxy tells to close.
TEST(HttpProxy, KeepsAConnectionThatTheOriginCloses) {
  deployment halves;
  const scripted web("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  socket s = application(halves);
  for (int round = 0; round < 2; ++round) {
    s.send(get(web.authority()));
    const std::string head = read_head(s);
    EXPECT_EQ(status_of(head), 200);
    EXPECT_FALSE(has(head, "Connection: close"));
    EXPECT_EQ(s.receive(2), "ok");
  }
}

TEST(HttpProxy, AnswersPipelinedRequestsInOrder) {
  deployment halves;
  const origin web;
  socket s = application(halves);
  s.send(get(authority_of(web), "/bytes/10") + get(authority_of(web), "/bytes/20") +
         get(authority_of(web), "/bytes/30", "Connection: close\r\n"));
  for (const std::size_t size : {10u, 20u, 30u}) EXPECT_EQ(read_body(s, read_head(s)).size(), size);
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
}

TEST(HttpProxy, PassesBodiesOn) {
  deployment halves;
  const origin web;
  const std::string post = "POST http://" + authority_of(web) + "/upload HTTP/1.1\r\nHost: x\r\n";
  socket s = application(halves);
  s.send(post + "Content-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(has(read_body(s, read_head(s)), " 5\n"));
  s.send(post + "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n");
  s.send("6\r\n world\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_TRUE(has(read_body(s, read_head(s)), " 11\n"));
  s.send(post + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(read_head(s)), 100);
  s.send("hello");
  EXPECT_TRUE(has(read_body(s, read_head(s)), " 5\n"));
}

TEST(HttpProxy, PassesChunksOnAsTheyCome) {
  deployment halves;
  const scripted web("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", scripted::after::wait);
  socket s = application(halves);
  s.send(get(web.authority()));
  EXPECT_TRUE(has(read_head(s), "Transfer-Encoding: chunked"));
  EXPECT_EQ(s.receive(10), "5\r\nfirst\r\n") << "while the rest is still to come";
}

TEST(HttpProxy, LeavesOutBodiesThatAreNone) {
  deployment halves;
  const scripted head_only("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
      none("HTTP/1.1 304 Not Modified\r\n\r\n");
  socket s = application(halves);
  s.send("HEAD http://" + head_only.authority() + "/ HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has(read_head(s), "Content-Length: 1000"));
  s.send(get(none.authority()));
  EXPECT_EQ(status_of(read_head(s)), 304);
  s.send(get(none.authority(), "/", "Connection: close\r\n"));
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(status_of(text), 304);
}

TEST(HttpProxy, EndsABodyWithoutLengthByClosing) {
  deployment halves;
  const scripted web("HTTP/1.0 200 OK\r\n\r\nall of it"), broken("HTTP/1.0 200 OK\r\n\r\npart", scripted::after::reset),
      short_one("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
  socket s = application(halves);
  s.send(get(web.authority()));
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_TRUE(text.ends_with("\r\n\r\nall of it")) << text;
  for (const scripted* cut : {&broken, &short_one}) {
    socket other = application(halves);
    other.send(get(cut->authority()));
    EXPECT_EQ(other.drain(text), tail::reset) << "an end of file would make it look complete";
  }
}

TEST(HttpProxy, TellsOfADestinationThatSpeaksNoHttp) {
  deployment halves;
  const scripted junk("hello\r\n\r\n"), silent("");
  EXPECT_EQ(answer_to(halves, get(junk.authority())), 502);
  EXPECT_EQ(answer_to(halves, get(silent.authority())), 502);
}

TEST(HttpProxy, HeedsAnAnswerThatComesBeforeTheBodyIsOver) {
  deployment halves;
  const scripted web("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  socket s = application(halves);
  s.send("POST http://" + web.authority() + "/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart");
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(status_of(text), 413);
}

TEST(HttpProxy, WaitsForTheAnswerAfterAHalfClose) {
  deployment halves;
  const origin web;
  socket s = application(halves);
  s.send(get(authority_of(web), "/bytes/100000"));
  s.shutdown_send();
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_GT(text.size(), 100'000u);
}

TEST(HttpProxy, LetsADestinationKnowThatTheApplicationHasGone) {
  deployment halves;
  const peer silent(habit::listen);
  socket s = application(halves);
  s.send(get("127.0.0.1:" + std::to_string(silent.port())));
  ASSERT_TRUE(silent.wait([](auto& v) { return v.size() == 1 && v[0].received > 0; }, 10s));
  s.reset();
  ASSERT_TRUE(silent.wait([](auto& v) { return v[0].over; }, 10s));
  EXPECT_TRUE(silent.visits()[0].reset);
}

TEST(HttpProxy, AsksTheServerItselfForItsOptions) {
  deployment halves;
  const scripted web(short_answer);
  for (const char* path : {"", "/", "?x"})
    answer_to(halves, "OPTIONS http://" + web.authority() + path + " HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto asked = web.requests();
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_TRUE(asked[0].starts_with("OPTIONS * HTTP/1.1\r\n")) << asked[0];
  EXPECT_TRUE(asked[1].starts_with("OPTIONS / HTTP/1.1\r\n")) << asked[1];
  EXPECT_TRUE(asked[2].starts_with("OPTIONS /?x HTTP/1.1\r\n")) << asked[2];
}

TEST(HttpProxy, HeedsMaxForwards) {
  deployment halves;
  const scripted web(short_answer);
  const auto ask = [&](const std::string& method, const std::string& fields) {
    return whole_answer(halves, method + " http://" + web.authority() +
                                    "/ HTTP/1.1\r\nConnection: close\r\nCookie: secret\r\n" + fields + "\r\n");
  };
  EXPECT_EQ(status_of(ask("OPTIONS", "Max-Forwards: 0\r\n")), 200);
  const std::string trace = ask("TRACE", "Max-Forwards: 0\r\nX-Me: 1\r\n");
  EXPECT_TRUE(has(trace, "Content-Type: message/http\r\n") && has(trace, "X-Me: 1")) << trace;
  EXPECT_FALSE(has(trace, "secret")) << trace;
  for (const char* bad : {"x", "", "-1", "1.5", "1, 2", "1\r\nMax-Forwards: 1"})
    EXPECT_EQ(status_of(ask("OPTIONS", "Max-Forwards: " + std::string(bad) + "\r\n")), 400) << bad;
  EXPECT_TRUE(web.requests().empty()) << "none of these goes further";
  ask("TRACE", "Max-Forwards: 10\r\n");
  ask("OPTIONS", "Max-Forwards: 99999999999999999999\r\n");
  ask("GET", "Max-Forwards: 0\r\n");
  EXPECT_TRUE(has(web.requests().at(0), "Max-Forwards: 9\r\n"));
  EXPECT_TRUE(has(web.requests().at(1), "Max-Forwards: 18446744073709551614\r\n"));
  EXPECT_TRUE(has(web.requests().at(2), "Max-Forwards: 0\r\n")) << "other methods do not know it";
}

TEST(HttpProxy, RefusesABodyWhoseEndIsUnclear) {
  deployment halves;
  const scripted web(short_answer);
  for (const char* bad : {"gzip", "gzip;x=1, chunked", "chunked;x=1"})
    EXPECT_EQ(status_of(whole_answer(halves, "POST http://" + web.authority() +
                                                 "/ HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: " + bad +
                                                 "\r\n\r\n0\r\n\r\n")),
              400)
        << bad;
  EXPECT_TRUE(web.requests().empty()) << "none of these goes further";
}

TEST(HttpProxy, SpeaksItsOwnVersionToBothSides) {
  deployment halves;
  const scripted web("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const std::string text =
      whole_answer(halves, "GET http://" + web.authority() + "/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
  EXPECT_TRUE(has(text, "Connection: close\r\n")) << text;
  EXPECT_TRUE(web.requests().at(0).starts_with("GET / HTTP/1.1\r\n"));
}

TEST(HttpProxy, SendsNoChunksToOldApplications) {
  deployment halves;
  const scripted web(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nok\r\n3\r\nay!\r\n0\r\n\r\n");
  const scripted broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\n");
  const std::string text = whole_answer(halves, "GET http://" + web.authority() + "/ HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nokay!")) << text;
  EXPECT_FALSE(has(text, "chunked")) << text;
  whole_answer(halves, "GET http://" + broken.authority() + "/ HTTP/1.0\r\n\r\n", tail::reset);
}

TEST(HttpProxy, SkipsEmptyLinesBeforeARequest) {
  deployment halves;
  const scripted web(short_answer);
  const peer echo(habit::echo);
  socket s = application(halves);
  for (const char* before : {"\r\n", "\r\n\r\n", "\n"}) {
    for (const char byte : before + get(web.authority())) s.send(std::string(1, byte));
    EXPECT_EQ(status_of(read_head(s)), 200);
    EXPECT_EQ(s.receive(2), "ok");
  }
  s.send("\r\n" + connect_to(echo.port()));
  EXPECT_EQ(status_of(read_head(s)), 200);
  EXPECT_EQ(answer_to(halves, "\r\rGET / HTTP/1.1\r\n\r\n"), 400);
}

TEST(HttpUsers, NeedTheirPassword) {
  const temp_dir files;
  deployment halves({.client_options = {"--users-file", files.write("users", "alice:s3cret\n")}});
  const peer echo(habit::echo);
  const scripted web(short_answer);
  const auto with = [](std::string request, const std::string& credentials) {
    return request.insert(request.size() - 2, "Proxy-Authorization: " + credentials + "\r\n");
  };
  const std::string right = "Basic YWxpY2U6czNjcmV0";
  for (const std::string& request : {connect_to(echo.port()), get(web.authority())}) {
    EXPECT_EQ(answer_to(halves, request), 407);
    for (const char* wrong : {"Basic YWxpY2U6czNjcmU=", "Basic YWxpY2U=", "Basic ====", "Basic", "Bearer x",
                              "Basic YWxpY2U6czNjcmV0AA==", "Basic YWxp*2U6czNjcmV0"})
      EXPECT_EQ(answer_to(halves, with(request, wrong)), 407) << wrong;
  }
  EXPECT_TRUE(web.requests().empty());
  socket tunnelled = application(halves);
  tunnelled.send(with(connect_to(echo.port()), right) + "hello");
  EXPECT_EQ(status_of(read_head(tunnelled)), 200);
  EXPECT_EQ(tunnelled.receive(5), "hello");
  socket plain = application(halves);
  plain.send(with(get(web.authority()), "basic  YWxpY2U6czNjcmV0"));
  EXPECT_EQ(status_of(read_head(plain)), 200);
  EXPECT_FALSE(has(web.requests().at(0), "YWxpY2U")) << "the destination is not told";
  EXPECT_EQ(answer_to(halves, "GET /proxy.pac HTTP/1.0\r\n\r\n"), 200);
}

}  // namespace
}  // namespace mtcp::lab
