#include "mtcp/proxy/socks5_client.hpp"

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

TEST(Socks5Client, OffersAPasswordIfItHasOne) {
  EXPECT_EQ(encode_greeting(false), bytes_of({5, 1, 0}));
  EXPECT_EQ(encode_greeting(true), bytes_of({5, 2, 0, 2}));
}

TEST(Socks5Client, ReadsTheChoice) {
  for (const int code : {0, 1, 2, 0x80, 0xff})
    EXPECT_EQ(decode_in_pieces(bytes_of({5, code}), decode_choice).value(), static_cast<method>(code));
  EXPECT_EQ(certain_at(bytes_of("HTTP/1.1 400 Bad Request"), decode_choice), 1);
  EXPECT_EQ(certain_at(bytes_of({4, 0}), decode_choice), 1);
}

TEST(Socks5Client, LogsIn) {
  EXPECT_EQ(encode_login({"al", "s:t"}), bytes_of({1, 2, 'a', 'l', 3, 's', ':', 't'}));
  const std::string longest(255, 'x');
  const byte_vector all = encode_login({longest, longest});
  ASSERT_EQ(all.size(), max_login_size);
  EXPECT_EQ(decode_login(all).value().password, longest) << "as a server reads it";
  EXPECT_TRUE(decode_in_pieces(bytes_of({1, 0}), decode_login_answer).value());
  EXPECT_FALSE(decode_in_pieces(bytes_of({1, 1}), decode_login_answer).value());
  EXPECT_FALSE(decode_in_pieces(bytes_of({1, 255}), decode_login_answer).value());
  EXPECT_EQ(certain_at(bytes_of({5, 0}), decode_login_answer), 1);
}

TEST(Socks5Client, AsksForNamesAsNames) {
  EXPECT_EQ(encode_request({"a.b", 8443}), bytes_of({5, 1, 0, 3, 3, 'a', '.', 'b', 0x20, 0xfb}));
  const std::string longest(255, 'x');
  const byte_vector all = encode_request({longest, 1});
  ASSERT_EQ(all.size(), max_request_size);
  EXPECT_EQ(decode_request(all).value().to.host, longest);
}

TEST(Socks5Client, AsksForAddressesAsSuch) {
  EXPECT_EQ(encode_request({"192.0.2.1", 443}), bytes_of({5, 1, 0, 1, 192, 0, 2, 1, 1, 187}));
  EXPECT_EQ(encode_request({"2001:db8::1", 443}),
            bytes_of({5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187}));
}

// RFC 1928 lets the address be a name. Some proxies have an empty one, or none that a host could have.
TEST(Socks5Client, TakesAReplyWithAnyAddressAndNoByteMore) {
  const byte_vector replies[] = {
      bytes_of({5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90}),
      bytes_of({5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80}),
      bytes_of({5, 0, 7, 3, 0, 0, 0}),
      bytes_of({5, 0, 0, 3, 3, 0, ' ', 255, 0, 80}),
      bytes_of({5, 0, 0, 3, 255}) + byte_vector(255, std::byte{'x'}) + bytes_of({0, 1}),
  };
  for (const byte_vector& message : replies) {
    EXPECT_EQ(decode_in_pieces(message, decode_reply).value(), reply::succeeded);
    EXPECT_LE(message.size(), max_reply_size);
  }
}

// Some close behind the two bytes.
TEST(Socks5Client, KnowsARefusalAtItsCode) {
  for (const int code : {1, 2, 5, 8, 9, 255}) {
    const auto result = decode_reply(bytes_of({5, code}));
    ASSERT_TRUE(result) << code;
    EXPECT_EQ(result.value(), static_cast<reply>(code));
    EXPECT_EQ(decode_reply(bytes_of({5, code, 0, 1, 0, 0, 0, 0, 0, 0})).size(), 2U);
  }
}

TEST(Socks5Client, KnowsWhatIsNoReply) {
  EXPECT_EQ(certain_at(bytes_of({4, 0, 0, 1, 0, 0, 0, 0, 0, 0}), decode_reply), 1);
  EXPECT_EQ(certain_at(bytes_of("HTTP/1.1 200 OK"), decode_reply), 1);
  for (const int type : {0, 2, 5, 255}) EXPECT_EQ(certain_at(bytes_of({5, 0, 0, type, 0, 0}), decode_reply), 4) << type;
}

}  // namespace
}  // namespace mtcp::proxy
