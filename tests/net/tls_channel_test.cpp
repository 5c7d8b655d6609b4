// A secure channel between two ends that share a key, over real sockets.
#include <algorithm>
#include <thread>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_driver.hpp"
#include "net/tls_fixture.hpp"

namespace mtcp::testing {
namespace {

constexpr std::size_t mib = 1024 * 1024;

// Sends `total` bytes in pieces of odd sizes; answers their hash.
task<std::array<unsigned char, 32>> send_stream(secure_channel& channel, std::size_t total, std::uint64_t seed) {
  const auto block = random_bytes(mib + 4099, seed);
  hasher sent;
  for (std::size_t piece = 1; total > 0; piece = piece * 3 % 1'000'003 + 1) {
    const auto bytes = std::span<const std::byte>(block).first(std::min({piece, total, block.size()}));
    const error_code error = co_await write_all(channel, bytes);
    if (error) break;
    sent.update(bytes);
    total -= bytes.size();
  }
  co_return sent.digest();
}

task<std::array<unsigned char, 32>> receive_stream(secure_channel& channel, std::size_t total) {
  hasher received;
  std::vector<core::slice> slices;
  while (total > 0) {
    slices.clear();
    const error_code error = co_await channel.read(slices);
    if (error) break;
    for (const core::slice& s : slices) {
      received.update(s.bytes());
      total -= std::min(total, s.size());
    }
  }
  co_return received.digest();
}

void expect_transfer_both_ways(asio::io_context& io, channel_pair& pair, std::size_t size) {
  running up(io, send_stream(pair.client, size, 1));
  running down(io, send_stream(pair.server, size, 2));
  running got_up(io, receive_stream(pair.server, size));
  running got_down(io, receive_stream(pair.client, size));
  run_all(io);
  EXPECT_EQ(up.get(), got_up.get());
  EXPECT_EQ(down.get(), got_down.get());
  EXPECT_NE(up.get(), down.get());
}

tls_options with_cipher(tls_options::cipher cipher) {
  tls_options options;
  options.preferred = cipher;
  return options;
}

const auto aes = with_cipher(tls_options::cipher::aes_128_gcm);
const auto chacha = with_cipher(tls_options::cipher::chacha20_poly1305);

TEST(SecureChannel, Carries64MibEachWayWithAes) {
  asio::io_context io;
  channel_pair pair(io, aes);
  EXPECT_STREQ(pair.client.cipher_name(), "TLS_AES_128_GCM_SHA256");
  expect_transfer_both_ways(io, pair, 64 * mib);
}

TEST(SecureChannel, Carries64MibEachWayWithChacha20) {
  asio::io_context io;
  channel_pair pair(io, chacha);
  EXPECT_STREQ(pair.server.cipher_name(), "TLS_CHACHA20_POLY1305_SHA256");
  expect_transfer_both_ways(io, pair, 64 * mib);
}

TEST(SecureChannel, UsesChacha20WhenEitherEndPrefersIt) {
  asio::io_context io;
  EXPECT_STREQ(channel_pair(io, chacha, aes).client.cipher_name(), "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_STREQ(channel_pair(io, aes, chacha).client.cipher_name(), "TLS_CHACHA20_POLY1305_SHA256");
}

TEST(SecureChannel, ReplacesItsKeysUnderWay) {
  asio::io_context io;
  tls_options options;
  options.key_update_records = 20;
  channel_pair pair(io, options);
  expect_transfer_both_ways(io, pair, 8 * mib);
  EXPECT_GT(pair.client.key_updates(), 20U);
  EXPECT_GT(pair.server.key_updates(), 20U);
}

TEST(SecureChannel, KnowsWhoseKeyItIs) {
  asio::io_context io;
  channel_pair pair(io);
  EXPECT_EQ(pair.server.peer_key(), pair.shared.id());
  EXPECT_EQ(pair.client.peer_key(), pair.shared.id());
}

TEST(SecureChannel, ExportsTheSameSecretToBothEndsAndNoOther) {
  asio::io_context io;
  channel_pair a(io);
  channel_pair b(io);
  EXPECT_EQ(a.client.exporter(), a.server.exporter());
  EXPECT_NE(a.client.exporter(), b.client.exporter());
  const auto message = bytes_of("message");
  EXPECT_EQ(a.client.bind("label", message), a.server.bind("label", message));
  EXPECT_NE(a.client.bind("label", message), a.server.bind("other", message));
  EXPECT_NE(a.client.bind("label", message), b.client.bind("label", message));
}

TEST(SecureChannel, PacksSmallRecordsIntoOneSlice) {
  asio::io_context io;
  channel_pair pair(io);
  const auto piece = random_bytes(100, 3);
  // Sent before the reader runs, so that one read finds all of them.
  for (int i = 0; i < 50; ++i) ASSERT_FALSE(pair.client.write(piece));
  std::vector<core::slice> slices;
  while (joined(slices).size() < 5000) ASSERT_FALSE(run(io, pair.server.read(slices)));
  EXPECT_LE(slices.size(), 4U);
  const auto all = joined(slices);
  for (std::size_t at = 0; at < all.size(); at += 100) EXPECT_TRUE(std::equal(piece.begin(), piece.end(), &all[at]));
}

TEST(SecureChannel, KeepsWhatTheSocketDoesNotTake) {
  asio::io_context io;
  channel_pair pair(io);
  const auto bytes = random_bytes(16 * mib, 4);  // more than two sockets hold
  ASSERT_FALSE(pair.client.write(bytes));
  ASSERT_TRUE(pair.client.pending());
  ASSERT_FALSE(pair.client.flush());
  EXPECT_TRUE(pair.client.pending());
  running sending(io, write_all(pair.client, {}));
  auto received = run(io, read_bytes(pair.server, bytes.size()));
  run_all(io);
  EXPECT_EQ(*received, bytes);
  EXPECT_FALSE(sending.get());
  EXPECT_EQ(pair.client.pending_bytes(), 0U);
}

TEST(SecureChannel, EndsCleanly) {
  asio::io_context io;
  channel_pair pair(io);
  ASSERT_FALSE(pair.client.write(bytes_of("last words")));
  pair.client.close();
  std::vector<core::slice> slices;
  EXPECT_FALSE(run(io, pair.server.read(slices)));
  EXPECT_EQ(joined(slices), bytes_of("last words"));
  EXPECT_EQ(run(io, pair.server.read(slices)), asio::error::eof);
  EXPECT_EQ(run(io, pair.server.read(slices)), asio::error::eof);
}

TEST(SecureChannel, GoesOnReadingAfterItFinished) {
  asio::io_context io;
  channel_pair pair(io);
  pair.client.finish();
  std::vector<core::slice> slices;
  EXPECT_EQ(run(io, pair.server.read(slices)), asio::error::eof);
  ASSERT_FALSE(pair.server.write(bytes_of("still here")));
  EXPECT_FALSE(run(io, pair.client.read(slices)));
  EXPECT_EQ(joined(slices), bytes_of("still here"));
}

TEST(SecureChannel, FinishesBehindWhatIsPending) {
  asio::io_context io;
  channel_pair pair(io);
  const auto bytes = random_bytes(16 * mib, 5);
  ASSERT_FALSE(pair.client.write(bytes));
  pair.client.finish();
  running sending(io, write_all(pair.client, {}));
  EXPECT_EQ(*run(io, read_bytes(pair.server, bytes.size())), bytes);
  std::vector<core::slice> slices;
  EXPECT_EQ(run(io, pair.server.read(slices)), asio::error::eof);
  run_all(io);
}

// A cut connection must never pass for one that ended: an attacker can inject a FIN.
TEST(SecureChannel, TellsAnEndFromACut) {
  asio::io_context io;
  channel_pair pair(io);
  ASSERT_FALSE(pair.client.write(bytes_of("half a sen")));
  pair.client.socket().shutdown(tcp::socket::shutdown_send);
  std::vector<core::slice> slices;
  EXPECT_FALSE(run(io, pair.server.read(slices)));
  EXPECT_EQ(run(io, pair.server.read(slices)), errc::truncated);
}

TEST(SecureChannel, AbortsWithAReset) {
  asio::io_context io;
  channel_pair pair(io);
  pair.client.abort();
  std::vector<core::slice> slices;
  EXPECT_EQ(run(io, pair.server.read(slices)), asio::error::connection_reset);
}

TEST(SecureChannel, CloseEndsWhatIsWaiting) {
  asio::io_context io;
  channel_pair pair(io);
  ASSERT_FALSE(pair.client.write(random_bytes(16 * mib, 6)));
  std::vector<core::slice> slices;
  running reading(io, pair.client.read(slices));
  running writing(io, pair.client.wait_writable());
  io.restart();
  io.poll();
  ASSERT_FALSE(reading.done());
  ASSERT_FALSE(writing.done());
  pair.client.close();
  pair.client.close();
  run_all(io);
  EXPECT_EQ(reading.get(), asio::error::operation_aborted);
  EXPECT_EQ(writing.get(), asio::error::operation_aborted);
}

TEST(SecureChannel, CloseEndsAHandshake) {
  asio::io_context io;
  auto sockets = connected_sockets(io);
  secure_channel client(std::move(sockets.client));
  const tls_context context = tls_context::client();
  const key own = key::generate();
  running connecting(io, client.connect(context, own));
  io.restart();
  io.poll();
  ASSERT_FALSE(connecting.done());
  client.close();
  run_all(io);
  EXPECT_EQ(connecting.get(), asio::error::operation_aborted);
}

// A bridge is accepted by one thread and belongs to another one's session.
TEST(SecureChannel, MovesToAnotherThread) {
  asio::io_context io;
  asio::io_context other;
  channel_pair pair(io);
  ASSERT_FALSE(pair.client.write(bytes_of("before")));
  ASSERT_EQ(*run(io, read_bytes(pair.server, 6)), bytes_of("before"));
  secure_channel moved = std::move(pair.server).move_to(other.get_executor());
  std::thread thread([&] {
    EXPECT_EQ(*run(other, read_bytes(moved, 4)), bytes_of("ping"));
    EXPECT_FALSE(run(other, write_all(moved, bytes_of("pong"))));
  });
  EXPECT_FALSE(run(io, write_all(pair.client, bytes_of("ping"))));
  EXPECT_EQ(*run(io, read_bytes(pair.client, 4)), bytes_of("pong"));
  thread.join();
}

// The client's first bytes may come in one piece with the end of its handshake.
TEST(SecureChannel, KeepsWhatComesWithTheHandshake) {
  asio::io_context io;
  auto sockets = connected_sockets(io);
  secure_channel client(std::move(sockets.client));
  secure_channel server(std::move(sockets.server));
  const key shared = key::generate();
  const tls_context client_context = tls_context::client();
  const tls_context server_context = tls_context::server(ring_of({shared}));
  running connecting(io, client.connect(client_context, shared));
  running accepting(io, server.accept(server_context));
  io.restart();
  while (!connecting.done()) io.run_one();
  // The server has not run since: its next receive takes both.
  ASSERT_FALSE(accepting.done());
  ASSERT_FALSE(client.write(bytes_of("at once")));
  run_all(io);
  ASSERT_FALSE(accepting.get());
  asio::io_context other;
  secure_channel moved = std::move(server).move_to(other.get_executor());
  EXPECT_EQ(*run(other, read_bytes(moved, 7)), bytes_of("at once"));
}

}  // namespace
}  // namespace mtcp::testing
