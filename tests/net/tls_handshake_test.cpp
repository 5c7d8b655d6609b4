// HELLO and WELCOME on a channel: what is sent arrives, and only what was made on this channel, in this role, counts.
#include "mtcp/net/tls/handshake.hpp"

#include <algorithm>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/error.hpp"
#include "net/tls_fixture.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;

class Greeting : public ::testing::Test {
 protected:
  static core::hello some_hello() {
    core::hello m;
    m.bridge = 5;
    m.session.fill(std::byte{7});
    m.counts = {{3, 1000}, {4, 0}};
    return m;
  }

  // The frame as its sender makes it, with the MAC of `by`.
  static bytes signed_frame(const secure_channel& by, bytes frame, std::string_view label = "mtcp1 hello") {
    const auto mac = by.bind(label, std::span(frame).first(frame.size() - core::mac_size));
    std::ranges::copy(mac, frame.end() - core::mac_size);
    return frame;
  }

  // What the server makes of these bytes as a client's first; empty if it takes them.
  error_code answer_to(channel_pair& to, const bytes& frame) {
    EXPECT_FALSE(to.client.write(frame));
    auto got = run(io, receive_hello(to.server));
    return got ? error_code() : got.error();
  }

  asio::io_context io;
  channel_pair pair{io};
};

TEST_F(Greeting, Arrives) {
  running sending(io, send_hello(pair.client, some_hello()));
  auto hello = run(io, receive_hello(pair.server));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->message.bridge, 5U);
  EXPECT_EQ(hello->message.session, some_hello().session);
  EXPECT_EQ(hello->message.counts.size(), 2U);
  EXPECT_TRUE(hello->rest.empty());

  core::welcome answer;
  answer.status = core::welcome_status::unknown_session;
  answer.secret.fill(std::byte{9});
  running answering(io, send_welcome(pair.server, answer));
  auto welcome = run(io, receive_welcome(pair.client));
  run_all(io);
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->message.status, answer.status);
  EXPECT_EQ(welcome->message.secret, answer.secret);
  EXPECT_FALSE(sending.get());
  EXPECT_FALSE(answering.get());
}

TEST_F(Greeting, ArrivesByteByByteWithWhatFollowsIt) {
  bytes sent = signed_frame(pair.client, core::encode(some_hello()));
  const bytes more = bytes_of("the first frames of the tunnel");
  sent.insert(sent.end(), more.begin(), more.end());
  running receiving(io, receive_hello(pair.server));
  for (const std::byte& b : sent) {
    ASSERT_FALSE(pair.client.write({&b, 1}));
    io.restart();
    io.poll();
  }
  while (!receiving.done()) io.run_one();
  ASSERT_TRUE(receiving.get());
  auto rest = run(io, read_bytes(pair.server, more.size() - joined(receiving.get()->rest).size()));
  bytes all = joined(receiving.get()->rest);
  all.insert(all.end(), rest->begin(), rest->end());
  EXPECT_EQ(all, more);
}

TEST_F(Greeting, HandsOnWhatCameWithIt) {
  bytes sent = signed_frame(pair.client, core::encode(some_hello()));
  const bytes more = bytes_of("the first frames of the tunnel");
  sent.insert(sent.end(), more.begin(), more.end());
  ASSERT_FALSE(pair.client.write(sent));
  auto hello = run(io, receive_hello(pair.server));
  ASSERT_TRUE(hello);
  EXPECT_EQ(joined(hello->rest), more);
}

TEST_F(Greeting, OfAnotherChannelIsRefused) {
  channel_pair other(io);
  EXPECT_FALSE(answer_to(pair, signed_frame(pair.client, core::encode(some_hello()))));
  EXPECT_EQ(answer_to(pair, signed_frame(other.client, core::encode(some_hello()))), errc::wrong_mac);
}

// The same key on both: only the TLS exporter differs.
TEST_F(Greeting, OfAnotherChannelOfTheSameUserIsRefused) {
  auto sockets = connected_sockets(io);
  secure_channel client(std::move(sockets.client));
  secure_channel server(std::move(sockets.server));
  const tls_context client_context = tls_context::client();
  const tls_context server_context = tls_context::server(ring_of({pair.shared}));
  running connecting(io, client.connect(client_context, pair.shared));
  ASSERT_FALSE(run(io, server.accept(server_context)));
  run_all(io);
  EXPECT_EQ(answer_to(pair, signed_frame(client, core::encode(some_hello()))), errc::wrong_mac);
}

TEST_F(Greeting, OfTheOtherRoleIsRefused) {
  const bytes frame = signed_frame(pair.client, core::encode(some_hello()), "mtcp1 welcome");
  EXPECT_EQ(answer_to(pair, frame), errc::wrong_mac);
}

TEST_F(Greeting, ThatWasTamperedWithIsRefused) {
  const bytes frame = signed_frame(pair.client, core::encode(some_hello()));
  for (std::size_t i = core::frame_header_size; i < frame.size(); ++i) {
    bytes changed = frame;
    changed[i] ^= std::byte{0x10};
    EXPECT_EQ(answer_to(pair, changed), errc::wrong_mac) << i;
  }
  EXPECT_FALSE(answer_to(pair, frame));
}

TEST_F(Greeting, MustComeFirst) {
  bytes frame = signed_frame(pair.client, core::encode(some_hello()));
  frame[0] = static_cast<std::byte>(core::frame_type::data);
  EXPECT_EQ(answer_to(pair, frame), errc::malformed_hello);
}

// Refused by its header alone: nothing waits for a body of that size, or keeps it.
TEST_F(Greeting, OfAWrongSizeIsRefusedAtItsHeader) {
  for (const std::size_t size :
       {std::size_t{0}, core::mac_size - 1, core::max_control_body + 1, std::size_t{0xffffff}}) {
    channel_pair fresh(io);
    bytes header(core::frame_header_size);
    core::put_frame_header(std::span(header).first<core::frame_header_size>(), core::frame_type::hello, size);
    EXPECT_EQ(answer_to(fresh, header), errc::malformed_hello) << size;
  }
}

TEST_F(Greeting, ThatIsAuthenticButMalformedIsRefused) {
  core::hello m = some_hello();
  m.bridge = 0;
  EXPECT_EQ(answer_to(pair, signed_frame(pair.client, core::encode(m))), errc::malformed_hello);
}

// The key says which version its holder speaks.
TEST_F(Greeting, OfAnotherVersionThanItsKeyIsMalformed) {
  core::hello m;
  m.bridge = 1;
  m.version = 2;
  EXPECT_EQ(answer_to(pair, signed_frame(pair.client, core::encode(m))), errc::malformed_hello);
}

TEST_F(Greeting, OfAnUnknownVersionIsAuthenticAllTheSame) {
  bytes frame(core::frame_header_size + 1 + 3 + core::mac_size);
  core::put_frame_header(std::span(frame).first<core::frame_header_size>(), core::frame_type::hello, frame.size() - 4);
  frame[core::frame_header_size] = std::byte{3};
  ASSERT_FALSE(pair.client.write(signed_frame(pair.client, frame)));
  auto hello = run(io, receive_hello(pair.server));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->message.version, 3U);
  EXPECT_EQ(answer_to(pair, frame), errc::wrong_mac);
}

TEST_F(Greeting, ThatNeverComesEndsWithTheChannel) {
  pair.client.close();
  auto hello = run(io, receive_hello(pair.server));
  ASSERT_FALSE(hello);
  EXPECT_EQ(hello.error(), asio::error::eof);
}

}  // namespace
}  // namespace mtcp::testing
