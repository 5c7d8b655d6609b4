#include "mtcp/proxy/socks5.hpp"

#include <gtest/gtest.h>

#include "proxy/bytes.hpp"
#include "proxy/pieces.hpp"

namespace mtcp::proxy {
namespace {

using test::byte_vector;
using test::bytes_of;
using test::decode_in_pieces;
using test::operator+;

core::target target_of(const byte_vector& message) {
  const auto result = decode_in_pieces(message, decode_request);
  return result ? result.value().to : core::target{};
}

/// The first length at which the decoder is certain of an error.
std::size_t certain_at(const byte_vector& message, reply expected) {
  for (std::size_t n = 0; n <= message.size(); ++n) {
    const auto result = decode_request(std::span(message).first(n));
    if (result.needs_more()) continue;
    EXPECT_TRUE(result.failed() && result.error() == expected);
    return n;
  }
  ADD_FAILURE() << "no error";
  return 0;
}

byte_vector named(std::string_view host, int port = 443) {
  return bytes_of({5, 1, 0, 3, static_cast<int>(host.size())}) + bytes_of(host) + bytes_of({port >> 8, port & 0xff});
}

TEST(Greeting, IsReadInPieces) {
  const auto result = decode_in_pieces(bytes_of({5, 2, 0, 2}), decode_greeting);
  EXPECT_TRUE(result.value()[0]);
  EXPECT_FALSE(result.value()[1]);
  EXPECT_TRUE(result.value()[2]);
}

TEST(Greeting, MayOfferNothingOrEverything) {
  EXPECT_TRUE(decode_in_pieces(bytes_of({5, 0}), decode_greeting).value().none());
  byte_vector all = bytes_of({5, 255});
  for (int m = 0; m < 255; ++m) all.push_back(static_cast<std::byte>(m));
  ASSERT_EQ(all.size(), max_greeting_size);
  EXPECT_EQ(decode_in_pieces(all, decode_greeting).value().count(), 255U);
}

TEST(Greeting, OfAnotherVersionIsAnErrorAtItsFirstByte) {
  for (const int version : {0, 4, 6, 22, 'G' + 0, 255})
    EXPECT_TRUE(decode_greeting(bytes_of({version})).failed()) << version;
}

TEST(Choice, TakesTheWantedMethodWhateverElseIsOffered) {
  const auto offered = [](std::initializer_list<std::size_t> methods) {
    method_set set;
    for (const auto m : methods) set.set(m);
    return set;
  };
  EXPECT_EQ(choose(offered({0, 2}), method::none), method::none);
  EXPECT_EQ(choose(offered({2, 0}), method::password), method::password);
  EXPECT_EQ(choose(offered({1, 2}), method::none), method::no_acceptable);
  EXPECT_EQ(choose(offered({0}), method::password), method::no_acceptable);
  EXPECT_EQ(choose(offered({}), method::none), method::no_acceptable);
}

TEST(Choice, IsTwoBytes) {
  EXPECT_EQ(encode_choice(method::none), (std::array{std::byte{5}, std::byte{0}}));
  EXPECT_EQ(encode_choice(method::no_acceptable), (std::array{std::byte{5}, std::byte{0xff}}));
}

TEST(Request, NamesItsTargetInThreeWays) {
  EXPECT_EQ(target_of(bytes_of({5, 1, 0, 1, 192, 0, 2, 7, 0x1f, 0x90})), (core::target{"192.0.2.7", 8080}));
  EXPECT_EQ(target_of(bytes_of({5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80})),
            (core::target{"2001:db8::1", 80}));
  EXPECT_EQ(target_of(named("example.org")), (core::target{"example.org", 443}));
  EXPECT_EQ(target_of(named("example.org", 65535)), (core::target{"example.org", 65535}));
}

TEST(Request, CleansNames) {
  EXPECT_EQ(target_of(named("[2001:DB8::1]")), (core::target{"2001:db8::1", 443}));
  EXPECT_EQ(target_of(named("127.0.0.1.")), (core::target{"127.0.0.1", 443}));
}

TEST(Request, TakesTheLongestName) {
  const byte_vector longest = named(std::string(255, 'x'));
  ASSERT_EQ(longest.size(), max_request_size);
  EXPECT_EQ(target_of(longest).host.size(), 255U);
}

TEST(Request, KnowsItsCommands) {
  for (const int code : {1, 2, 3}) {
    const auto result = decode_request(bytes_of({5, code, 0, 1, 10, 0, 0, 1, 0, 80}));
    ASSERT_TRUE(result);
    EXPECT_EQ(result.value().what, static_cast<command>(code));
  }
}

TEST(Request, IgnoresTheReservedByte) { EXPECT_TRUE(decode_request(bytes_of({5, 1, 0xff, 1, 10, 0, 0, 1, 0, 80}))); }

TEST(Request, IsRefusedAsSoonAsTheErrorIsCertain) {
  const byte_vector address = bytes_of({10, 0, 0, 1, 0, 80});
  EXPECT_EQ(certain_at(bytes_of({4, 1, 0, 1}) + address, reply::general_failure), 1U);
  for (const int code : {0, 4, 0xf0, 255})
    EXPECT_EQ(certain_at(bytes_of({5, code, 0, 1}) + address, reply::command_not_supported), 2U) << code;
  for (const int type : {0, 2, 5, 255})
    EXPECT_EQ(certain_at(bytes_of({5, 1, 0, type}) + address, reply::address_type_not_supported), 4U) << type;
}

TEST(Request, RefusesBadNames) {
  using namespace std::string_view_literals;
  for (const auto host : {""sv, "a b"sv, "a\0b"sv, "a\nb"sv, "."sv, "[]"sv}) {
    const byte_vector message = named(host);
    EXPECT_EQ(certain_at(message, reply::general_failure), message.size()) << testing::PrintToString(host);
  }
}

TEST(Reply, CarriesTheBoundAddress) {
  const encoded_reply v4(reply::succeeded, {"192.0.2.1", 8080});
  EXPECT_EQ(byte_vector(v4.bytes().begin(), v4.bytes().end()), bytes_of({5, 0, 0, 1, 192, 0, 2, 1, 0x1f, 0x90}));
  const encoded_reply v6(reply::succeeded, {"2001:db8::2", 443});
  EXPECT_EQ(byte_vector(v6.bytes().begin(), v6.bytes().end()),
            bytes_of({5, 0, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0xbb}));
}

// SOCKS has no room for it.
TEST(Reply, LeavesAZoneOut) {
  const encoded_reply r(reply::succeeded, {"fe80::2%eth0", 443});
  EXPECT_EQ(byte_vector(r.bytes().begin(), r.bytes().end()),
            bytes_of({5, 0, 0, 4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0xbb}));
}

TEST(Reply, NeverCarriesAName) {
  for (const core::target& bound : {core::target{}, core::target{"example.org", 443}}) {
    const encoded_reply r(reply::host_unreachable, bound);
    EXPECT_EQ(byte_vector(r.bytes().begin(), r.bytes().end()), bytes_of({5, 4, 0, 1, 0, 0, 0, 0, 0, 0}));
  }
}

TEST(Reply, TellsTheServersReason) {
  EXPECT_EQ(reply_to(core::refusal::general), reply::general_failure);
  EXPECT_EQ(reply_to(core::refusal::policy), reply::not_allowed);
  EXPECT_EQ(reply_to(core::refusal::network_unreachable), reply::network_unreachable);
  EXPECT_EQ(reply_to(core::refusal::host_unreachable), reply::host_unreachable);
  EXPECT_EQ(reply_to(core::refusal::connection_refused), reply::connection_refused);
  EXPECT_EQ(reply_to(core::refusal::address_type), reply::address_type_not_supported);
  EXPECT_EQ(reply_to(core::refusal::quota), reply::not_allowed) << "SOCKS knows no such reason";
}

}  // namespace
}  // namespace mtcp::proxy
