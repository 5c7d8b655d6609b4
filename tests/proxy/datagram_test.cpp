#include "mtcp/proxy/datagram.hpp"

#include <gtest/gtest.h>

#include "proxy/bytes.hpp"

namespace mtcp::proxy {
namespace {

using test::byte_vector;
using test::bytes_of;
using test::operator+;

const byte_vector to_address = bytes_of({0, 0, 0, 1, 192, 0, 2, 7, 0, 53});
const byte_vector to_name = bytes_of({0, 0, 0, 3, 4}) + bytes_of("a.bc") + bytes_of({0x1f, 0x90});
const byte_vector to_ipv6 = bytes_of({0, 0, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 53});

TEST(DatagramHeader, NamesItsDestinationInThreeWays) {
  const std::pair<byte_vector, core::target> cases[] = {
      {to_address, {"192.0.2.7", 53}}, {to_name, {"a.bc", 8080}}, {to_ipv6, {"2001:db8::1", 53}}};
  for (const auto& [header, to] : cases) {
    const auto alone = decode_datagram_header(header);
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone.value(), to);
    const auto with_payload = decode_datagram_header(header + bytes_of("payload"));
    ASSERT_TRUE(with_payload);
    EXPECT_EQ(with_payload.size(), header.size());
  }
}

TEST(DatagramHeader, CutShortIsNone) {
  for (const auto& header : {to_address, to_name, to_ipv6})
    for (std::size_t n = 0; n < header.size(); ++n) {
      const auto result = decode_datagram_header(std::span(header).first(n));
      ASSERT_TRUE(result.failed()) << n;
      EXPECT_EQ(result.error(), bad_datagram::cut_short) << n;
    }
}

TEST(DatagramHeader, OfAFragmentIsRefused) {
  for (const int fragment : {1, 127, 128, 255}) {
    byte_vector header = to_address;
    header[2] = static_cast<std::byte>(fragment);
    EXPECT_EQ(decode_datagram_header(header).error(), bad_datagram::fragment) << fragment;
  }
}

TEST(DatagramHeader, WithABadAddressIsRefused) {
  const byte_vector bad[] = {bytes_of({0, 0, 0, 2, 1, 2, 3, 4, 0, 53}), bytes_of({0, 0, 0, 1, 192, 0, 2, 7, 0, 0}),
                             bytes_of({0, 0, 0, 3, 0, 0, 53}), bytes_of({0, 0, 0, 3, 2, 'a', 0, 0, 53}),
                             bytes_of({0, 0, 0, 3, 2, 'a', '\n', 0, 53})};
  for (const auto& header : bad) EXPECT_EQ(decode_datagram_header(header).error(), bad_datagram::address);
}

TEST(DatagramHeader, IgnoresTheReservedBytes) {
  EXPECT_TRUE(decode_datagram_header(bytes_of({9, 9, 0, 1, 192, 0, 2, 7, 0, 53})));
}

TEST(DatagramHeader, IsWrittenAsItIsRead) {
  for (const core::target& source : {core::target{"192.0.2.7", 53}, core::target{"2001:db8::1", 65535}}) {
    const encoded_datagram_header header(source);
    const auto read = decode_datagram_header(header.bytes());
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value(), source);
    EXPECT_EQ(read.size(), header.bytes().size());
  }
}

}  // namespace
}  // namespace mtcp::proxy
