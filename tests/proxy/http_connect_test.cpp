#include "mtcp/proxy/http_connect.hpp"

#include <gtest/gtest.h>

#include <string>

#include "proxy/bytes.hpp"
#include "proxy/pieces.hpp"

namespace mtcp::proxy {
namespace {

using test::byte_vector;
using test::bytes_of;
using test::certain_at;
using test::decode_in_pieces;
using test::operator+;

std::string text_of(const byte_vector& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

unsigned status(const std::string& head) { return decode_in_pieces(bytes_of(head), decode_connect_answer).value(); }

TEST(HttpConnect, AsksForTheServer) {
  EXPECT_EQ(text_of(encode_connect({"vpn.example.org", 8443}, nullptr)),
            "CONNECT vpn.example.org:8443 HTTP/1.1\r\nHost: vpn.example.org:8443\r\n\r\n");
  EXPECT_EQ(text_of(encode_connect({"2001:db8::1", 443}, nullptr)),
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n");
}

// The example of RFC 7617, section 2, and other lengths.
TEST(HttpConnect, LogsInWithBasic) {
  const auto field = [](const credentials& login) {
    const std::string all = text_of(encode_connect({"a", 1}, &login));
    const auto at = all.find("Proxy-Authorization: ");
    return at == std::string::npos ? "" : all.substr(at + 21, all.find("\r\n", at) - at - 21);
  };
  EXPECT_EQ(field({"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(field({"u", "p"}), "Basic dTpw");
  EXPECT_EQ(field({"u", "p:"}), "Basic dTpwOg==");
  const std::string longest(255, 'x');
  EXPECT_EQ(field({longest, longest}).size(), 6 + (255U + 1 + 255 + 2) / 3 * 4);
}

TEST(HttpConnect, IsConnectedAtTheEndOfTheHead) {
  EXPECT_EQ(status("HTTP/1.1 200 Connection established\r\n\r\n"), 200U);
  EXPECT_EQ(status("HTTP/1.0 200 OK\r\nProxy-agent: tinyproxy/1.11.1\r\nVia: 1.1 a\r\n\r\n"), 200U);
  EXPECT_EQ(status("HTTP/1.1 200\r\n\r\n"), 200U) << "no reason and no space in front of it";
  EXPECT_EQ(status("HTTP/1.1 204 \r\n\r\n"), 204U);
  EXPECT_EQ(status("HTTP/1.1 200 OK\nX: y\n\n"), 200U) << "LF alone";
  EXPECT_EQ(status("HTTP/1.1 200 OK\r\nX: \x80\xff\r\n\r\n"), 200U);
}

// RFC 9110, section 9.3.6: these fields mean nothing here.
TEST(HttpConnect, HasNoBodyWhateverTheHeadSays) {
  EXPECT_EQ(status("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n"), 200U);
}

TEST(HttpConnect, PassesOverInterimAnswers) {
  EXPECT_EQ(status("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
            200U);
  EXPECT_EQ(certain_at(bytes_of("HTTP/1.1 100 Continue\r\n\r\nhello"), decode_connect_answer), 26);
  EXPECT_TRUE(decode_connect_answer(bytes_of("HTTP/1.1 101 Switching Protocols\r\n\r\n")).failed());
}

// A body may follow that nobody wants.
TEST(HttpConnect, KnowsARefusalAtTheEndOfItsLine) {
  for (const auto& [text, expected] : {std::pair("HTTP/1.1 407 Proxy Authentication Required\r\n", 407U),
                                       {"HTTP/1.0 403 Filtered\n", 403U},
                                       {"HTTP/1.1 302 Found\r\n", 302U},
                                       {"HTTP/1.1 502 Bad Gateway\r\n", 502U}}) {
    const byte_vector line = bytes_of(text);
    EXPECT_EQ(decode_in_pieces(line, decode_connect_answer).value(), expected);
    EXPECT_EQ(decode_connect_answer(line + bytes_of("Content-Length: 5\r\n\r\nhello")).value(), expected);
  }
}

TEST(HttpConnect, KnowsWhatIsNoAnswer) {
  const std::pair<const char*, int> cases[] = {
      {"\x05\x00", 1},
      {"SSH-2.0-OpenSSH\r\n", 1},
      {"HTTP/2 200\r\n", 6},
      {"HTTP/1.1200\r\n", 9},
      {"HTTP/1.x 200 OK\r\n", 8},
      {"HTTP/1.1 20x OK\r\n", 12},
      {"HTTP/1.1 2000\r\n", 13},
      {"HTTP/1.1  200 OK\r\n", 10},
      {"\r\nHTTP/1.1 200 OK\r\n", 1},
      {"<html>", 1},
      {"http/1.1 200 OK\r\n", 1},
      {"HTTP/1.1\r\n", 9},
      {"HTTP/1.1 \n", 10},
  };
  for (const auto& [text, at] : cases) {
    const std::string all(text, text[0] == '\x05' ? 2 : std::char_traits<char>::length(text));
    EXPECT_EQ(certain_at(bytes_of(all), decode_connect_answer), at) << text;
  }
  for (const char* line : {"HTTP/1.1 000 x\r\n", "HTTP/1.1 099 x\r\n", "HTTP/1.1 600 x\r\n", "HTTP/1.1 999 x\r\n"})
    EXPECT_TRUE(decode_connect_answer(bytes_of(line)).failed()) << line;
}

}  // namespace
}  // namespace mtcp::proxy
