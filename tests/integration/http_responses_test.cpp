// The HTTP proxy and origins that are careless about HTTP: what every browser forgives goes on, mended.
#include <gtest/gtest.h>

#include "integration/deployment.hpp"
#include "integration/http_talk.hpp"
#include "support/scripted.hpp"

namespace mtcp::lab {
namespace {

std::string last_request(const scripted& web) { return get(web.authority(), "/", "Connection: close\r\n"); }

/// What an application gets from an origin that says `response`.
std::string seen(const deployment& halves, const std::string& response, tail expected = tail::end) {
  const scripted web(response);
  return whole_answer(halves, last_request(web), expected);
}

TEST(HttpResponses, AreMended) {
  deployment halves;
  for (const char* head : {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 2\n\n",
                           "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nbad line\r\nb d: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nX: a\x01z\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nX: a\r\n z\r\nContent-Length: 2\r\n\r\n", "ICY 200 OK\r\n\r\n",
                           "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: identity\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nConnection: a b\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 100\n\nHTTP/1.1 200\nContent-Length: 2\n\n"}) {
    const std::string text = seen(halves, head + std::string("ok"));
    EXPECT_TRUE(has(text, "HTTP/1.1 200 ")) << head << text;
    EXPECT_TRUE(text.ends_with("\r\n\r\nok")) << head << text;
    EXPECT_EQ(has(head, "X: a"), has(text, "X: a z\r\n")) << text;
    EXPECT_FALSE(has(text, "bad line") || has(text, "b d")) << text;
  }
}

TEST(HttpResponses, HaveTheirChunksMended) {
  deployment halves;
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body :
       {"5  \r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "5;x=\"y\"\r\nhello\r\n0 ;z\r\nX: 1\r\n\r\n"}) {
    const std::string text = seen(halves, head + body);
    EXPECT_TRUE(text.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n")) << body << text;
    EXPECT_FALSE(has(text, "Content-Length")) << text;
  }
}

// A whole body, in chunks that are larger than what is read at once and smaller.
TEST(HttpResponses, KeepTheirBodies) {
  deployment halves;
  std::string response = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", body;
  for (const std::size_t size : {1, 100'000, 3, 20'000, 8192, 4096, 16'384}) {
    const std::string chunk(size, static_cast<char>('a' + size % 26));
    char number[20];
    std::snprintf(number, sizeof number, "%zx \n", size);
    response += number + chunk + "\n";
    body += chunk;
  }
  const scripted web(response + "0\n\n");
  const std::string text = whole_answer(halves, "GET http://" + web.authority() + "/ HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(text.ends_with("\r\n\r\n" + body)) << text.size();
}

TEST(HttpResponses, GoOnUpToWhatIsBroken) {
  deployment halves;
  const std::string text =
      seen(halves, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nx\r\nhello\r\n", tail::reset);
  EXPECT_EQ(status_of(text), 200) << text;
  EXPECT_TRUE(text.ends_with("2\r\nok\r\n")) << text;
  const std::string none =
      seen(halves, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n", tail::reset);
  EXPECT_TRUE(status_of(none) == 200 && none.ends_with("\r\n\r\n")) << none;
}

TEST(HttpResponses, HaveNoLastChunkWhereThereIsNoBody) {
  deployment halves;
  for (const char* status : {"304 Not Modified", "204 No Content"}) {
    const scripted web("HTTP/1.1 " + std::string(status) + "\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_TRUE(whole_answer(halves, last_request(web)).ends_with("\r\n\r\n")) << status;
    EXPECT_FALSE(has(whole_answer(halves, last_request(web)), "\r\n\r\n0")) << status;
  }
}

// Server-sent events may be long in coming.
TEST(HttpResponses, HaveTheirHeadsPassedOnAtOnce) {
  deployment halves;
  for (const char* head : {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}) {
    const scripted web(head, scripted::after::wait);
    socket s = application(halves);
    s.send(get(web.authority()));
    EXPECT_EQ(status_of(read_head(s)), 200) << head;
  }
}

TEST(HttpResponses, AreRefusedWithTheTruthIfTheyCanBeReadTwoWays) {
  deployment halves;
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "two Content-Lengths that differ"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok", "malformed Content-Length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\nok", "both a Content-Length and"},
      {"HTTP/1.1 OK\r\n\r\n", "no status code"},
      {"hello\r\n\r\n", "is no HTTP"},
      {"", "without a response"},
      {"HTTP/1.1 200 OK\r\nX: 1\r\n", "ended the connection before the head of the response"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "unasked"}};
  for (const auto& [response, why] : cases) {
    const std::string text = seen(halves, response);
    EXPECT_EQ(status_of(text), 502) << text;
    EXPECT_TRUE(has(text, why)) << text;
  }
}

TEST(HttpResponses, AreNotWaitedForFromThoseWhoSpeakNoHttp) {
  deployment halves;
  const scripted ssh("SSH-2.0-x\r\n", scripted::after::wait);
  EXPECT_EQ(status_of(whole_answer(halves, last_request(ssh))), 502);
}

}  // namespace
}  // namespace mtcp::lab
