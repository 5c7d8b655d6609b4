#include "mtcp/proxy/authority.hpp"

#include <gtest/gtest.h>

#include "mtcp/proxy/pac.hpp"
#include "mtcp/proxy/protocol.hpp"

namespace mtcp::proxy {
namespace {

using core::target;

TEST(Authority, HasAHostAndAPort) {
  EXPECT_EQ(parse_authority("example.org:443"), (target{"example.org", 443}));
  EXPECT_EQ(parse_authority("example.org.:65535"), (target{"example.org.", 65535}));
  EXPECT_EQ(parse_authority("192.0.2.7:80"), (target{"192.0.2.7", 80}));
  EXPECT_EQ(parse_authority("[2001:DB8::1]:80"), (target{"2001:db8::1", 80}));
}

// RFC 6874 writes the % as %25; many programs do not.
TEST(Authority, MayHaveAZone) {
  EXPECT_EQ(parse_authority("[fe80::1%25eth0]:80"), (core::target{"fe80::1%eth0", 80}));
  EXPECT_EQ(parse_authority("[fe80::1%eth0]:80"), (core::target{"fe80::1%eth0", 80}));
  EXPECT_EQ(parse_absolute_uri("http://[fe80::1%25eth0]/x")->to, (core::target{"fe80::1%eth0", 80}));
}

TEST(Authority, IsNoneOtherwise) {
  for (const char* bad : {"",
                          ":",
                          ":80",
                          "example.org",
                          "example.org:",
                          "example.org:0",
                          "example.org:65536",
                          "example.org:8x",
                          "example.org:+8",
                          "example.org: 8",
                          "2001:db8::1:80",
                          "[2001:db8::1]",
                          "[2001:db8::1",
                          "2001:db8::1]:80",
                          "[]:80",
                          "a b:80",
                          "a@b:80",
                          "a/b:80",
                          "a?b:80",
                          "http://example.org:80"})
    EXPECT_FALSE(parse_authority(bad)) << bad;
  EXPECT_FALSE(parse_authority(std::string_view("a\0b:80", 6)));
}

TEST(AbsoluteUri, IsTakenApart) {
  const auto uri = parse_absolute_uri("http://example.org:8080/a/b?c=d#e");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->to, (target{"example.org", 8080}));
  EXPECT_EQ(uri->authority, "example.org:8080");
  EXPECT_EQ(uri->origin, "/a/b?c=d");
}

TEST(AbsoluteUri, HasDefaults) {
  EXPECT_EQ(parse_absolute_uri("http://example.org")->to, (target{"example.org", 80}));
  EXPECT_EQ(parse_absolute_uri("http://example.org:/")->to, (target{"example.org", 80}));
  EXPECT_EQ(parse_absolute_uri("http://example.org")->origin, "/");
  EXPECT_EQ(parse_absolute_uri("HTTP://example.org?q")->origin, "/?q");
  EXPECT_EQ(parse_absolute_uri("WS://example.org/chat")->to, (target{"example.org", 80}));
  EXPECT_TRUE(parse_absolute_uri("http://example.org#x")->is_bare);
  for (const char* text : {"http://example.org/", "http://example.org?", "http://example.org/a"})
    EXPECT_FALSE(parse_absolute_uri(text)->is_bare) << text;
  EXPECT_EQ(parse_absolute_uri("http://[2001:db8::1]/")->to, (target{"2001:db8::1", 80}));
}

TEST(AbsoluteUri, DropsUserInformation) {
  const auto uri = parse_absolute_uri("http://user:pass@example.org/@x");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->authority, "example.org");
  EXPECT_EQ(uri->origin, "/@x");
}

TEST(AbsoluteUri, IsNoneOtherwise) {
  for (const char* bad : {"", "/", "*", "http:", "http://", "http:///x", "https://example.org/", "ftp://example.org/",
                          "http://example.org:0/", "http://example.org:x/", "http://a b/", "http://a/\r\nX: y",
                          "http://a\\b@/", "http://[::1", "http://2001:db8::1/"})
    EXPECT_FALSE(parse_absolute_uri(bad)) << bad;
}

TEST(Pac, NamesTheProxy) {
  const std::string open = proxy_pac({"192.0.2.7", 1080}, {});
  EXPECT_NE(open.find("\"SOCKS5 192.0.2.7:1080; PROXY 192.0.2.7:1080\""), std::string::npos) << open;
  const std::string with_users = proxy_pac({"2001:db8::1", 1080}, {.with_users = true});
  EXPECT_NE(with_users.find("\"PROXY [2001:db8::1]:1080\""), std::string::npos) << with_users;
}

TEST(Pac, IsNoPlaceForScripts) {
  for (const char* bad : {"", "a\"; alert(1); \"", "a\\", "a b", "<x>", "a'"})
    EXPECT_NE(proxy_pac({bad, 1}, {}).find("\"SOCKS5 127.0.0.1:1; "), std::string::npos) << bad;
}

TEST(Protocol, ShowsInTheFirstByte) {
  for (int first = 0; first < 256; ++first) {
    const bool of_http = (first >= 'A' && first <= 'Z') || first == '\r' || first == '\n';
    const protocol expected = first == 5   ? protocol::socks5
                              : first == 4 ? protocol::socks4
                              : of_http    ? protocol::http
                                           : protocol::unknown;
    EXPECT_EQ(protocol_of(static_cast<std::byte>(first)), expected) << first;
  }
}

}  // namespace
}  // namespace mtcp::proxy
