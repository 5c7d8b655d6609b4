#include "mtcp/proxy/socks4.hpp"

#include <gtest/gtest.h>

#include "proxy/pieces.hpp"

namespace mtcp::proxy {
namespace {

using test::byte_vector;
using test::bytes_of;
using test::certain_at;
using test::decode_in_pieces;
using test::operator+;
using namespace std::string_view_literals;

const byte_vector by_address = bytes_of({4, 1, 0x1f, 0x90, 192, 0, 2, 7});
const byte_vector by_name = bytes_of({4, 1, 0x01, 0xbb, 0, 0, 0, 1});
const byte_vector nul = bytes_of({0});

TEST(Socks4, NamesAnAddress) {
  const auto result = decode_in_pieces(by_address + nul, decode_request4);
  EXPECT_TRUE(result.value().is_connect);
  EXPECT_EQ(result.value().to, (core::target{"192.0.2.7", 8080}));
  EXPECT_EQ(decode_in_pieces(by_address + bytes_of("user") + nul, decode_request4).value().to.port, 8080);
}

TEST(Socks4, NamesAName) {
  const byte_vector message = by_name + bytes_of("me") + nul + bytes_of("example.org.") + nul;
  EXPECT_EQ(decode_in_pieces(message, decode_request4).value().to, (core::target{"example.org.", 443}));
}

TEST(Socks4, TakesAnAddressThatIsWrittenAsAName) {
  const byte_vector message = by_name + nul + bytes_of("2001:DB8::1") + nul;
  EXPECT_EQ(decode_in_pieces(message, decode_request4).value().to.host, "2001:db8::1");
}

TEST(Socks4, KnowsNoOtherCommandThanConnect) {
  for (const int command : {0, 2, 3, 255}) {
    const auto result = decode_request4(bytes_of({4, command, 0, 80, 192, 0, 2, 7, 0}));
    ASSERT_TRUE(result) << command;
    EXPECT_FALSE(result.value().is_connect) << command;
  }
}

// 0.0.0.0 is an address like any other; the rules of the server forbid it.
TEST(Socks4, TakesNoNameBehindTheUnspecifiedAddress) {
  const auto result = decode_request4(bytes_of({4, 1, 0, 80, 0, 0, 0, 0, 0}) + bytes_of("x") + nul);
  ASSERT_TRUE(result);
  EXPECT_EQ(result.size(), 9U);
  EXPECT_EQ(result.value().to.host, "0.0.0.0");
}

TEST(Socks4, BoundsWhatItReads) {
  const byte_vector longest_id = by_address + bytes_of(std::string(max_user_id_size, 'u'));
  EXPECT_EQ(certain_at(longest_id + nul, decode_request4), -1);
  EXPECT_EQ(certain_at(longest_id + bytes_of("u"), decode_request4), static_cast<int>(8 + max_user_id_size + 1));
  const byte_vector longest_name = by_name + nul + bytes_of(std::string(255, 'n'));
  EXPECT_TRUE(decode_request4(longest_name + nul));
  EXPECT_EQ(certain_at(longest_name + bytes_of("n"), decode_request4), 8 + 1 + 256);
  const byte_vector largest =
      by_name + bytes_of(std::string(max_user_id_size, 'u')) + nul + bytes_of(std::string(255, 'n')) + nul;
  EXPECT_EQ(largest.size(), max_request4_size);
  EXPECT_TRUE(decode_request4(largest));
}

TEST(Socks4, RefusesBadNames) {
  for (const auto host : {""sv, "."sv, "a b"sv, "a\nb"sv, "a\x7f"sv, "[]"sv})
    EXPECT_TRUE(decode_request4(by_name + nul + bytes_of(host) + nul).failed()) << testing::PrintToString(host);
}

TEST(Socks4, OfAnotherVersionIsAnErrorAtItsFirstByte) {
  for (const int version : {0, 3, 5, 'G' + 0})
    EXPECT_EQ(certain_at(bytes_of({version}), decode_request4), 1) << version;
}

TEST(Socks4, AnswersInEightBytes) {
  const auto text = [](const auto& reply) { return byte_vector(reply.begin(), reply.end()); };
  EXPECT_EQ(text(encode_reply4(reply4::granted, {"192.0.2.1", 8080})), bytes_of({0, 0x5a, 0x1f, 0x90, 192, 0, 2, 1}));
  for (const char* host : {"", "example.org", "2001:db8::1"})
    EXPECT_EQ(text(encode_reply4(reply4::rejected, {host, 8080})), bytes_of({0, 0x5b, 0, 0, 0, 0, 0, 0})) << host;
}

}  // namespace
}  // namespace mtcp::proxy
