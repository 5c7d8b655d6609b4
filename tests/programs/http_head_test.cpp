#include "client/http_head.hpp"

#include <gtest/gtest.h>

#include <boost/beast/http/write.hpp>
#include <sstream>

namespace mtcp::client {
namespace {

http::request_header<> head_with(std::initializer_list<std::pair<std::string, std::string>> fields) {
  http::request_header<> head;
  head.method(http::verb::get);
  head.target("http://example.org/a");
  head.version(11);
  for (const auto& [name, value] : fields) head.insert(name, value);
  return head;
}

std::string text_of(const http::request_header<>& head) {
  std::ostringstream out;
  out << head;
  return out.str();
}

std::string prepared(std::initializer_list<std::pair<std::string, std::string>> fields) {
  auto head = head_with(fields);
  prepare_request(head, proxy::parse_absolute_uri("http://example.org/a").value());
  return text_of(head);
}

TEST(HttpHead, BecomesThatOfAnOrdinaryRequest) {
  EXPECT_EQ(prepared({}), "GET /a HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
}

TEST(HttpHead, LosesWhatConcernsOneConnectionOnly) {
  const std::string text = prepared({{"Connection", "keep-alive, x-one"},
                                     {"X-One", "1"},
                                     {"connection", "X-Two"},
                                     {"x-two", "2"},
                                     {"Proxy-Connection", "X-Three"},
                                     {"X-Three", "3"},
                                     {"Keep-Alive", "300"},
                                     {"Proxy-Authorization", "Basic eDp5"},
                                     {"TE", "trailers"},
                                     {"Trailer", "X"},
                                     {"Upgrade", "websocket"},
                                     {"X-End", "4"}});
  EXPECT_EQ(text, "GET /a HTTP/1.1\r\nX-End: 4\r\nHost: example.org\r\nConnection: close\r\n\r\n");
}

TEST(HttpHead, KeepsTheFramingOfTheBody) {
  const std::string text = prepared({{"Connection", "Transfer-Encoding, Content-Length, Host"},
                                     {"Transfer-Encoding", "chunked"},
                                     {"Content-Length", "5"}});
  EXPECT_NE(text.find("Transfer-Encoding: chunked"), std::string::npos) << text;
  EXPECT_NE(text.find("Content-Length: 5"), std::string::npos) << text;
}

TEST(HttpHead, SaysClearlyWhereTheBodyEnds) {
  const std::string te = "Transfer-Encoding";
  EXPECT_TRUE(is_framed_clearly(head_with({{"Content-Length", "5"}})));
  for (const char* good : {"chunked", "Chunked", "gzip, chunked"})
    EXPECT_TRUE(is_framed_clearly(head_with({{te, good}}))) << good;
  EXPECT_TRUE(is_framed_clearly(head_with({{te, "gzip"}, {te, "chunked"}})));
  for (const char* bad : {"", "gzip", "identity", "chunked, gzip", "chunked, chunked", "chunked;x=1",
                          "gzip;x=1, chunked", "\"a, chunked\"", ", chunked", "chunked x"})
    EXPECT_FALSE(is_framed_clearly(head_with({{te, bad}}))) << bad;
  EXPECT_FALSE(is_framed_clearly(head_with({{te, "chunked"}, {te, "gzip"}})));
  auto old = head_with({{te, "chunked"}});
  old.version(10);
  EXPECT_FALSE(is_framed_clearly(old));
}

TEST(HttpHead, HasOneHostThatTheTargetNames) {
  const std::string text = prepared({{"Host", "a"}, {"Host", "b"}});
  EXPECT_EQ(text, "GET /a HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
}

TEST(HttpHead, AsksForAnotherProtocolIfTheApplicationDoes) {
  auto head = head_with({{"Connection", "keep-alive, upgrade"}, {"Upgrade", "h2c, websocket/13, x"}});
  ASSERT_TRUE(asks_for_upgrade(head));
  prepare_request(head, proxy::parse_absolute_uri("http://example.org/a").value(), connection_use::upgrade);
  EXPECT_EQ(text_of(head),
            "GET /a HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket/13, x\r\n\r\n");
  EXPECT_FALSE(asks_for_upgrade(head_with({{"Connection", "upgrade"}, {"Upgrade", "h2c"}})));
  EXPECT_FALSE(asks_for_upgrade(head_with({{"Upgrade", "websocket"}}))) << "Connection does not name it";
}

TEST(HttpHead, ShowsALoginThatIsOfTheConnection) {
  for (const char* value : {"NTLM TlRM", "negotiate YII=", "Negotiate"})
    EXPECT_TRUE(logs_in(head_with({{"Authorization", value}}))) << value;
  for (const char* value : {"", "Basic YTpi", "NTLMv2 x", "Digest NTLM"})
    EXPECT_FALSE(logs_in(head_with({{"Authorization", value}}))) << value;
}

std::optional<proxy::credentials> credentials_in(const std::string& value) {
  return basic_credentials(head_with({{"Proxy-Authorization", value}}));
}

TEST(BasicCredentials, AreRead) {
  const auto given = credentials_in("Basic YWxpY2U6czNjcmV0");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->name, "alice");
  EXPECT_EQ(given->password, "s3cret");
  EXPECT_EQ(credentials_in("bAsIc   YTo6")->password, ":");
  EXPECT_EQ(credentials_in("Basic YTpi")->password, "b");
  EXPECT_EQ(credentials_in("Basic YTpiYw==")->password, "bc");
  EXPECT_EQ(credentials_in("Basic YTpiY2Q=")->password, "bcd");
  EXPECT_EQ(credentials_in("Basic YQA6AGI=")->name, std::string("a\0", 2));
}

TEST(BasicCredentials, AreNoneOtherwise) {
  EXPECT_FALSE(basic_credentials(head_with({})));
  for (const std::string& bad :
       {std::string(), std::string("Basic"), std::string("Basic "), std::string("Bearer YTpi"),
        std::string("BasicYTpi"), std::string("Basic YTp"), std::string("Basic YTpi="), std::string("Basic ===="),
        std::string("Basic YT=i"), std::string("Basic Y==="), std::string("Basic YTpi YTpi"), std::string("Basic YT*i"),
        std::string("Basic YWI="), "Basic " + std::string(4096, 'Y')})
    EXPECT_FALSE(credentials_in(bad)) << bad;
}

TEST(OwnResponse, IsComplete) {
  EXPECT_EQ(own_response(http::status::not_found, "no\n"),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
            "Connection: close\r\n\r\nno\n");
}

}  // namespace
}  // namespace mtcp::client
