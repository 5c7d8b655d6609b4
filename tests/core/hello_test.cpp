// HELLO and WELCOME: everything that is encoded comes back, and nothing else is accepted.
#include "mtcp/core/wire/hello.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {
namespace {

using bytes = std::vector<std::byte>;

template <std::size_t N>
std::array<std::byte, N> filled(unsigned char value) {
  std::array<std::byte, N> a;
  a.fill(std::byte{value});
  return a;
}

hello full_hello() {
  hello m;
  m.session = filled<16>(0xa1);
  m.secret = filled<32>(0xa2);
  m.instance = filled<16>(0xa3);
  m.bridge = 70000;
  m.options = {.role = path_role::backup, .carries = bridge_options::direction::down, .rate_limit = 6'250'000};
  m.limits = {.tunnel_credit = 128 << 20, .early_limit = 16384, .max_streams = 1000};
  m.counts = {{1, 0}, {7, max_varint}, {300, 123456789}};
  m.extensions.add(extension::resume_timeout, 60'000);
  m.extensions.add(unassigned_extension(255), bytes(3, std::byte{0xcc}));
  return m;
}

welcome full_welcome() {
  welcome m;
  m.status = welcome_status::limit;
  m.instance = filled<16>(0xb1);
  m.session = filled<16>(0xb2);
  m.secret = filled<32>(0xb3);
  m.limits = {.tunnel_credit = 1, .early_limit = 2, .max_streams = 3};
  m.counts = {{9, 10}};
  m.extensions.add(7, bytes(max_extension_bytes - 3, std::byte{0xee}));
  return m;
}

std::span<const std::byte> body_of(const bytes& frame) { return std::span(frame).subspan(frame_header_size); }

void expect_equal(const std::vector<bridge_count>& a, const std::vector<bridge_count>& b) {
  EXPECT_TRUE(std::ranges::equal(
      a, b, [](const auto& x, const auto& y) { return x.bridge == y.bridge && x.count == y.count; }));
}

void expect_equal(const peer_limits& a, const peer_limits& b) {
  EXPECT_EQ(a.tunnel_credit, b.tunnel_credit);
  EXPECT_EQ(a.early_limit, b.early_limit);
  EXPECT_EQ(a.max_streams, b.max_streams);
}

// The bytes of a HELLO around one field, to put something wrong there: `fields` is called with the writer behind the
// instance, and the MAC follows.
template <class Fields>
bytes hello_body(Fields fields) {
  bytes out(32 * 1024);
  wire_writer to(out);
  to.varint(first_version);
  for (int i = 0; i < 16 + 32 + 16; ++i) to.u8(0);
  fields(to);
  out.resize(to.size() + mac_size);
  return out;
}

TEST(Hello, ComesBackAsItWas) {
  const hello m = full_hello();
  const bytes frame = encode(m);
  const auto back = decode_hello(body_of(frame));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, first_version);
  EXPECT_EQ(back->session, m.session);
  EXPECT_EQ(back->secret, m.secret);
  EXPECT_EQ(back->instance, m.instance);
  EXPECT_EQ(back->bridge, m.bridge);
  EXPECT_EQ(back->options.role, path_role::backup);
  EXPECT_EQ(back->options.carries, m.options.carries);
  EXPECT_EQ(back->options.rate_limit, m.options.rate_limit);
  expect_equal(back->limits, m.limits);
  expect_equal(back->counts, m.counts);
  EXPECT_EQ(back->extensions, m.extensions);
}

TEST(Welcome, ComesBackAsItWas) {
  const welcome m = full_welcome();
  const auto back = decode_welcome(body_of(encode(m)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->status, m.status);
  EXPECT_EQ(back->instance, m.instance);
  EXPECT_EQ(back->session, m.session);
  EXPECT_EQ(back->secret, m.secret);
  expect_equal(back->limits, m.limits);
  expect_equal(back->counts, m.counts);
  EXPECT_EQ(back->extensions, m.extensions);
}

TEST(Hello, IsFramedWithRoomForTheMac) {
  const bytes frame = encode(full_hello());
  EXPECT_EQ(frame[0], static_cast<std::byte>(frame_type::hello));
  const auto size = std::to_integer<std::size_t>(frame[1]) << 16 | std::to_integer<std::size_t>(frame[2]) << 8 |
                    std::to_integer<std::size_t>(frame[3]);
  EXPECT_EQ(size + frame_header_size, frame.size());
  EXPECT_TRUE(std::all_of(frame.end() - mac_size, frame.end(), [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_EQ(encode(full_welcome())[0], static_cast<std::byte>(frame_type::welcome));
}

TEST(Hello, OfTheLargestSizeFitsAControlFrame) {
  hello m = full_hello();
  m.counts.assign(max_bridge_counts, {max_varint, max_varint});
  m.extensions = {};
  EXPECT_TRUE(m.extensions.add(1, bytes(max_extension_bytes - 3, std::byte{1})));
  m.limits = {max_varint, max_varint, max_varint};
  m.bridge = max_varint;
  const bytes frame = encode(m);
  EXPECT_LE(frame.size() - frame_header_size, max_control_body);
  const auto back = decode_hello(body_of(frame));
  ASSERT_TRUE(back);
  expect_equal(back->counts, m.counts);
}

// Whatever is missing from the end, the message must not pass for a shorter one.
TEST(Hello, IsRefusedWhenCutAnywhere) {
  const bytes h = encode(full_hello());
  const bytes w = encode(full_welcome());
  for (std::size_t size = 0; size < body_of(h).size(); ++size)
    EXPECT_FALSE(decode_hello(body_of(h).first(size))) << size;
  for (std::size_t size = 0; size < body_of(w).size(); ++size) {
    EXPECT_FALSE(decode_welcome(body_of(w).first(size))) << size;
  }
}

TEST(Hello, IsRefusedWithBytesLeftOver) {
  bytes frame = encode(full_hello());
  frame.insert(frame.end() - mac_size, std::byte{0});
  EXPECT_FALSE(decode_hello(body_of(frame)));
}

TEST(Hello, OfAnUnknownVersionTellsNoMoreThanThat) {
  bytes body(1 + 5 + mac_size, std::byte{0xff});
  body[0] = std::byte{3};
  const auto h = decode_hello(body);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->version, 3U);
  EXPECT_EQ(h->bridge, 0U);
  const auto w = decode_welcome(body);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->version, 3U);
}

TEST(Hello, NeedsEveryFieldInItsRange) {
  const auto with = [](std::uint64_t bridge, std::uint8_t backup, std::uint8_t direction, std::uint64_t rate) {
    return decode_hello(hello_body([=](wire_writer& to) {
      to.varint(bridge);
      to.u8(backup);
      to.u8(direction);
      to.varint(rate);
      for (int i = 0; i < 5; ++i) to.varint(0);  // limits, no counts, no extensions
    }));
  };
  EXPECT_TRUE(with(1, 0, 0, 0));
  EXPECT_TRUE(with(1, 1, 2, max_rate_limit));
  EXPECT_FALSE(with(0, 0, 0, 0));
  EXPECT_FALSE(with(1, 2, 0, 0));
  EXPECT_FALSE(with(1, 0, 3, 0));
  EXPECT_FALSE(with(1, 0, 0, max_rate_limit + 1));
}

// The list is announced long and is not there: the announcement alone must not cost memory.
TEST(Hello, CannotAnnounceMoreThanItMayList) {
  const auto with = [](std::uint64_t counts, std::uint64_t listed, std::uint64_t extensions) {
    return decode_hello(hello_body([=](wire_writer& to) {
      to.varint(1);
      to.u8(0);
      to.u8(0);
      for (int i = 0; i < 4; ++i) to.varint(0);
      to.varint(counts);
      for (std::uint64_t i = 0; i < listed; ++i) {
        to.varint(1);
        to.varint(2);
      }
      to.varint(extensions);
    }));
  };
  EXPECT_TRUE(with(max_bridge_counts, max_bridge_counts, 0));
  EXPECT_FALSE(with(max_bridge_counts + 1, max_bridge_counts + 1, 0));
  EXPECT_FALSE(with(max_varint, 0, 0));
  EXPECT_FALSE(with(2, 1, 0));
  EXPECT_FALSE(with(0, 0, 1));
  EXPECT_FALSE(with(0, 0, max_extension_bytes + 1));
}

bytes hello_body_with(std::initializer_list<unsigned> extensions) {
  return hello_body([=](wire_writer& to) {
    to.varint(1);
    to.u8(0);
    to.u8(0);
    for (int i = 0; i < 5; ++i) to.varint(0);
    to.varint(extensions.size());
    for (const unsigned b : extensions) to.u8(static_cast<std::uint8_t>(b));
  });
}

TEST(Hello, ListsExtensionsOfAnyType) {
  const auto got = decode_hello(hello_body_with({1, 2, 0x4b, 0xb8, 0x3f, 0, 27, 3, 1, 2, 3}));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->extensions.entries().size(), 3U);
  EXPECT_EQ(got->extensions.number(extension::resume_timeout), 3000U);
  EXPECT_EQ(got->extensions.entries()[1], (extension_list::entry{0x3f, {}}));
  EXPECT_EQ(got->extensions.entries()[2].type, unassigned_extension(0));
}

TEST(Hello, IsRefusedWithExtensionsThatAreNoList) {
  EXPECT_TRUE(decode_hello(hello_body_with({})));
  EXPECT_FALSE(decode_hello(hello_body_with({1})));           // no length
  EXPECT_FALSE(decode_hello(hello_body_with({1, 2, 3})));     // a value that is cut
  EXPECT_FALSE(decode_hello(hello_body_with({1, 0, 0x40})));  // half of the next type
  EXPECT_FALSE(decode_hello(hello_body_with({1, 0, 1, 0})));  // one type twice
}

TEST(Hello, HasNoCountOfBridgeZero) {
  hello m = full_hello();
  m.counts = {{0, 5}};
  EXPECT_FALSE(decode_hello(body_of(encode(m))));
}

TEST(Welcome, HasAStatusThatIsKnown) {
  bytes frame = encode(full_welcome());
  frame[frame_header_size + 1] = std::byte{5};
  EXPECT_TRUE(decode_welcome(body_of(frame)));
  frame[frame_header_size + 1] = std::byte{6};
  EXPECT_FALSE(decode_welcome(body_of(frame)));
}

}  // namespace
}  // namespace mtcp::core
