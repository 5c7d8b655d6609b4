#include "mtcp/proxy/host.hpp"

#include <gtest/gtest.h>

namespace mtcp::proxy {
namespace {

TEST(Host, KeepsNames) {
  EXPECT_EQ(clean_host("example.org"), "example.org");
  EXPECT_EQ(clean_host("under_score.example"), "under_score.example");
  EXPECT_EQ(clean_host("b\xc3\xbc"
                       "cher.example"),
            "b\xc3\xbc"
            "cher.example");
  EXPECT_EQ(clean_host(std::string(255, 'a')), std::string(255, 'a'));
}

// Without the dot it would be another name where there is a search list (RFC 1034, section 3.1).
TEST(Host, KeepsTheDotOfAnAbsoluteName) {
  EXPECT_EQ(clean_host("example.org."), "example.org.");
  EXPECT_EQ(clean_host("test."), "test.");
}

TEST(Host, DropsBracketsAndTheDotOfAnAddress) {
  EXPECT_EQ(clean_host("[::1]"), "::1");
  EXPECT_EQ(clean_host("[::1]."), "::1");
  EXPECT_EQ(clean_host("[10.0.0.1]"), "10.0.0.1");
}

TEST(Host, SpellsAddressesInOneWay) {
  EXPECT_EQ(clean_host("127.0.0.1."), "127.0.0.1");
  EXPECT_EQ(clean_host("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(clean_host("0:0:0:0:0:ffff:7f00:1"), "::ffff:127.0.0.1");
}

TEST(Host, LeavesNumbersThatAreNoAddressToTheServersRules) {
  // The server resolves them and checks what they resolve to.
  EXPECT_EQ(clean_host("127.1"), "127.1");
  EXPECT_EQ(clean_host("0x7f.0.0.1"), "0x7f.0.0.1");
}

TEST(Host, RefusesWhatCanBeNoHost) {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv,     "."sv,    "[]"sv,   "[]."sv,  "a b"sv,   " a"sv,      "a\0b"sv, "\0"sv,  "a\r\nb"sv, "a\tb"sv,
        "\x7f"sv, "\x1f"sv, "[::1"sv, "::1]"sv, "a[b]c"sv, "[[::1]]"sv, ".."sv,   "[.]"sv, "[a.]"sv,   "127.0.0.1.."sv})
    EXPECT_FALSE(clean_host(text)) << testing::PrintToString(text);
  EXPECT_FALSE(clean_host(std::string(256, 'a')));
}

TEST(Host, ReadsAndWritesAddresses) {
  EXPECT_EQ(parse_address_bytes("10.1.2.3").size, 4U);
  EXPECT_EQ(parse_address_bytes("::").size, 16U);
  EXPECT_EQ(parse_address_bytes("fe80::1%eth0").size, 0U);
  EXPECT_EQ(parse_address_bytes("example.org").size, 0U);
  EXPECT_EQ(address_text(parse_address_bytes("10.1.2.3").bytes()), "10.1.2.3");
  EXPECT_EQ(address_text({}), "");
}

}  // namespace
}  // namespace mtcp::proxy
