// Those who do not have the key: each attack is made, and refused, over a real socket.
#include <algorithm>
#include <boost/asio/read.hpp>
#include <memory>
#include <string>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_context_state.hpp"
#include "mtcp/net/tls/tls_driver.hpp"
#include "net/tls_fixture.hpp"
#include "net/tls_raw_peer.hpp"

namespace mtcp::testing {
namespace {

// A server of ours with its keys, of this version, and what a stranger gets from it.
class Strangers : public ::testing::TestWithParam<unsigned> {
 protected:
  struct encounter {
    bool completed = false;  // the stranger's own TLS is content
    raw_end seen;
    error_code server_error;
  };

  task<error_code> serve_one(secure_channel& channel) {
    const error_code error = co_await channel.accept(context);
    if (error) channel.close();
    co_return error;
  }

  encounter meet(raw_peer& stranger) {
    encounter e;
    auto sockets = connected_sockets(io);
    secure_channel server(std::move(sockets.server));
    running serving(io, serve_one(server));
    running shaking(io, shake_hands(stranger, sockets.client, e.seen));
    run_all(io);
    e.completed = shaking.get();
    e.server_error = serving.get();
    return e;
  }

  encounter meet(std::span<const std::byte> sent) {
    encounter e;
    auto sockets = connected_sockets(io);
    secure_channel server(std::move(sockets.server));
    running serving(io, serve_one(server));
    asio::write(sockets.client, asio::buffer(sent.data(), sent.size()));
    sockets.client.shutdown(tcp::socket::shutdown_send);
    running reading(io, read_raw(sockets.client));
    run_all(io);
    e.seen = reading.get();
    e.server_error = serving.get();
    return e;
  }

  // Nothing at all, and the same end for everybody.
  static void expect_turned_away(const encounter& e) {
    EXPECT_FALSE(e.completed);
    EXPECT_TRUE(e.server_error);
    EXPECT_EQ(e.seen.bytes.size(), 0U);
    EXPECT_EQ(e.seen.error, asio::error::eof);
  }

  key make_key() const { return GetParam() == 2 ? key::generate(identity->public_key()) : key::generate(); }
  key_ring ring() const {
    key_ring keys = ring_of({known, make_key()});
    keys.add(identity);
    return keys;
  }

  asio::io_context io;
  const key_ring::identity identity = std::make_shared<const server_identity>(server_identity::generate());
  const key known = make_key();
  tls_context context = tls_context::server(ring());
};

TEST_P(Strangers, WithTheRightKeyAreNone) {
  auto friendly = raw_client_of(known);
  const encounter e = meet(*friendly);
  EXPECT_TRUE(e.completed);
  EXPECT_FALSE(e.server_error);
}

TEST_P(Strangers, WithAnotherKeyAreTurnedAway) {
  auto sockets = connected_sockets(io);
  secure_channel client(std::move(sockets.client));
  secure_channel server(std::move(sockets.server));
  const tls_context client_context = tls_context::client();
  const key other = make_key();
  running connecting(io, client.connect(client_context, other));
  running serving(io, serve_one(server));
  run_all(io);
  EXPECT_EQ(connecting.get(), errc::tls_rejected);
  EXPECT_EQ(serving.get(), errc::tls_failed);
}

// Whether the server knows the identity, or what is wrong with it, cannot be seen.
TEST_P(Strangers, CannotTellAnUnknownIdentityFromAWrongKey) {
  const key other = make_key();
  const named_key named = name_key(known, today());
  const secret_bytes wrong = other.mac_key();
  auto wrong_key = raw_psk_client(named.identity, wrong);
  auto unknown_identity = raw_client_of(other);
  auto random_identity = raw_psk_client(random_bytes(named.identity.size(), 1), wrong);
  auto short_identity = raw_psk_client(random_bytes(5, 2), wrong);
  auto cut_identity = raw_psk_client(std::span(named.identity).first(named.identity.size() - 1), named.psk);
  for (raw_peer* stranger :
       {wrong_key.get(), unknown_identity.get(), random_identity.get(), short_identity.get(), cut_identity.get()}) {
    const encounter e = meet(*stranger);
    expect_turned_away(e);
    EXPECT_EQ(e.server_error, errc::tls_failed);
  }
}

TEST_P(Strangers, WithoutAKeyAreTurnedAway) {
  auto plain = raw_client();
  expect_turned_away(meet(*plain));
}

TEST_P(Strangers, WithACertificateAreTurnedAway) {
  context_ptr own(SSL_CTX_new(TLS_client_method()));
  add_certificate(own.get());
  raw_peer stranger(std::move(own), false);
  expect_turned_away(meet(stranger));
}

TEST_P(Strangers, WithTls12AreTurnedAway) {
  context_ptr own(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(own.get(), TLS1_2_VERSION);
  raw_peer stranger(std::move(own), false);
  expect_turned_away(meet(stranger));
}

TEST_P(Strangers, WithAnotherCurveOrSuiteAreTurnedAway) {
  auto curve = raw_client_of(known);
  SSL_set1_groups_list(curve->ssl(), "P-256");
  expect_turned_away(meet(*curve));
  auto suite = raw_client_of(known);
  SSL_set_ciphersuites(suite->ssl(), "TLS_AES_256_GCM_SHA384");
  expect_turned_away(meet(*suite));
}

// OpenSSL completes a handshake without the key where a certificate allows it: that must not count.
TEST_P(Strangers, AreTurnedAwayEvenIfTheServerHadACertificate) {
  add_certificate(context->ssl.get());
  auto stranger = raw_client();
  const encounter e = meet(*stranger);
  EXPECT_TRUE(e.completed);
  EXPECT_EQ(e.server_error, errc::not_authenticated);
}

TEST_P(Strangers, ThatSendJunkCostNoTlsAndGetNothing) {
  const std::size_t before = tls_driver::live();
  for (const char* junk :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\x05\x01", "\x16\x01\x01"}) {
    auto sockets = connected_sockets(io);
    secure_channel server(std::move(sockets.server));
    const auto bytes = bytes_of(junk);
    asio::write(sockets.client, asio::buffer(bytes));
    EXPECT_EQ(run(io, server.accept(context)), errc::tls_failed);
    EXPECT_EQ(tls_driver::live(), before);
    server.close();
    const raw_end end = run(io, read_raw(sockets.client));
    EXPECT_EQ(end.bytes.size(), 0U);
    EXPECT_EQ(end.error, asio::error::eof);
  }
}

TEST_P(Strangers, ThatBeginLikeTlsAndGoOnWithJunkGetNothing) {
  auto junk = random_bytes(3000, 7);
  for (const int length : {0, 1, 300, 16384, 20000, 65535}) {
    const unsigned char header[] = {22, 3, 1, static_cast<unsigned char>(length >> 8),
                                    static_cast<unsigned char>(length & 255)};
    std::copy_n(reinterpret_cast<const std::byte*>(header), 5, junk.begin());
    expect_turned_away(meet(junk));
  }
}

TEST_P(Strangers, ThatAreSilentCostNoTls) {
  const std::size_t before = tls_driver::live();
  auto sockets = connected_sockets(io);
  secure_channel server(std::move(sockets.server));
  running serving(io, server.accept(context));
  io.restart();
  io.poll();
  EXPECT_FALSE(serving.done());
  EXPECT_EQ(tls_driver::live(), before);
  server.close();
  run_all(io);
  EXPECT_EQ(serving.get(), asio::error::operation_aborted);
}

TEST_P(Strangers, ThatLeaveWithoutAWordCostNoTls) {
  const std::size_t before = tls_driver::live();
  const encounter e = meet(std::span<const std::byte>());
  EXPECT_EQ(e.server_error, errc::truncated);
  EXPECT_EQ(tls_driver::live(), before);
}

// Passes bytes on and keeps a copy.
task<std::vector<std::byte>> relay(tcp::socket& from, tcp::socket& to) {
  std::vector<std::byte> record;
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    const auto into = asio::buffer(buffer);
    auto [error, size] = co_await from.async_read_some(into, use_result);
    if (error) break;
    record.insert(record.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    const auto bytes = asio::buffer(buffer.data(), size);
    co_await asio::async_write(to, bytes, use_result);
  }
  error_code ignored;
  to.shutdown(tcp::socket::shutdown_send, ignored);
  co_return record;
}

// Everything that a client sent, handshake and all, sent again: the server must not get as far as its plaintext.
TEST_P(Strangers, ThatReplayARecordedClientAreTurnedAway) {
  auto outer = connected_sockets(io);
  auto inner = connected_sockets(io);
  secure_channel client(std::move(outer.client));
  secure_channel server(std::move(inner.server));
  const tls_context client_context = tls_context::client();
  running up(io, relay(outer.server, inner.client));
  running down(io, relay(inner.client, outer.server));
  running serving(io, serve_one(server));
  ASSERT_FALSE(run(io, client.connect(client_context, known)));
  ASSERT_FALSE(client.write(bytes_of("a secret order")));
  ASSERT_EQ(*run(io, read_bytes(server, 14)), bytes_of("a secret order"));
  client.close();
  server.close();
  run_all(io);
  ASSERT_GT(up.get().size(), 300U);

  expect_turned_away(meet(up.get()));
}

// One connection may say its first words twice, where the server asks it for another group.
TEST_P(Strangers, AreNotThoseWhoAreAskedToSayItAgain) {
  auto asked_again = raw_client_of(known);
  SSL_set1_groups_list(asked_again->ssl(), "P-256:X25519");
  EXPECT_TRUE(meet(*asked_again).completed);
  auto replayed = raw_psk_client(asked_again->identity, asked_again->psk);
  expect_turned_away(meet(*replayed));
}

// Whoever has seen an identity, and does not have the key, takes nothing away from who does by being quicker.
TEST_P(Strangers, DoNotSpoilTheNameOfAClient) {
  const named_key named = name_key(known, today());
  auto quick = raw_psk_client(named.identity, make_key().mac_key());
  expect_turned_away(meet(*quick));
  auto rightful = raw_psk_client(named.identity, named.psk);
  EXPECT_TRUE(meet(*rightful).completed);
}

// With other keys, and other contexts, the same clients come.
TEST_P(Strangers, AreRememberedByContextsThatShareTheirMemory) {
  const auto seen = std::make_shared<replay_memory>();
  const named_key named = name_key(known, today());
  for (const bool first : {true, false}) {
    context = tls_context::server(ring(), {}, seen);
    auto client = raw_psk_client(named.identity, named.psk);
    EXPECT_EQ(meet(*client).completed, first);
  }
}

TEST(ReplayMemory, RemembersAGenerationAtLeastAndTwoAtMost) {
  replay_memory memory(10);
  std::vector<std::vector<std::byte>> nonces;
  for (std::uint64_t i = 0; i < 30; ++i) {
    nonces.push_back(random_bytes(16, i));
    EXPECT_TRUE(memory.is_new(nonces.back()));
  }
  for (std::size_t i = 20; i < 30; ++i) EXPECT_FALSE(memory.is_new(nonces[i])) << i;
  EXPECT_TRUE(memory.is_new(nonces[9]));
}

// What was said before a client is known to be none is for somebody else.
TEST_P(Strangers, LeaveWhatTheySaid) {
  for (const std::string& said :
       {std::string("GET / HTTP/1.0\r\n\r\n"), std::string("\x16\x03\x01\x02", 4), std::string()}) {
    auto sockets = connected_sockets(io);
    secure_channel server(std::move(sockets.server));
    asio::write(sockets.client, asio::buffer(said));
    running hearing(io, server.hear(context));
    io.restart();
    io.poll();
    server.stop_hearing();
    run_all(io);
    EXPECT_TRUE(hearing.get());
    auto left = std::move(server).give_up();
    EXPECT_EQ(left.said, bytes_of(said));
    asio::write(left.socket, asio::buffer("hello", 5));
    char answer[5];
    EXPECT_EQ(asio::read(sockets.client, asio::buffer(answer)), 5U);
  }
}

INSTANTIATE_TEST_SUITE_P(Version, Strangers, ::testing::Values(1U, 2U), ::testing::PrintToStringParamName());

// ---- the other way round: a server that does not have the key ----

class Impostors : public ::testing::Test {
 protected:
  struct encounter {
    error_code client_error;
    bool completed = false;
  };
  encounter meet(raw_peer& impostor) {
    auto sockets = connected_sockets(io);
    secure_channel client(std::move(sockets.client));
    raw_end seen;
    running connecting(io, connect_once(client));
    running shaking(io, shake_hands(impostor, sockets.server, seen));
    run_all(io);
    return {connecting.get(), shaking.get()};
  }
  task<error_code> connect_once(secure_channel& client) {
    const error_code error = co_await client.connect(context, own);
    if (error) client.close();
    co_return error;
  }

  static std::unique_ptr<raw_peer> certified_server(int version = TLS1_3_VERSION) {
    context_ptr with_certificate(SSL_CTX_new(TLS_server_method()));
    add_certificate(with_certificate.get());
    SSL_CTX_set_max_proto_version(with_certificate.get(), version);
    return std::make_unique<raw_peer>(std::move(with_certificate), true);
  }

  asio::io_context io;
  const key own = key::generate();
  tls_context context = tls_context::client();
};

TEST_F(Impostors, WithACertificateAreRefused) {
  auto impostor = certified_server();
  EXPECT_EQ(meet(*impostor).client_error, errc::tls_rejected);
}

// The second line of defence, on its own: nobody looks at certificates, and still only the key counts.
TEST_F(Impostors, WithACertificateAreRefusedEvenIfItWereAccepted) {
  SSL_CTX_set_verify(context->ssl.get(), SSL_VERIFY_NONE, nullptr);
  auto impostor = certified_server();
  EXPECT_EQ(meet(*impostor).client_error, errc::not_authenticated);
}

TEST_F(Impostors, WithTls12AreRefused) {
  auto impostor = certified_server(TLS1_2_VERSION);
  EXPECT_TRUE(meet(*impostor).client_error);
}

TEST_F(Impostors, ThatAnswerWithJunkAreRefused) {
  auto sockets = connected_sockets(io);
  secure_channel client(std::move(sockets.client));
  const auto junk = bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n");
  asio::write(sockets.server, asio::buffer(junk));
  EXPECT_EQ(run(io, client.connect(context, own)), errc::tls_rejected);
}

}  // namespace
}  // namespace mtcp::testing
