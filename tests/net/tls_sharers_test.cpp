// Keys of version 2, over a real socket: who holds one is a client and no server, and tells the time.
#include <memory>
#include <utility>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_driver.hpp"
#include "net/tls_fixture.hpp"
#include "net/tls_raw_peer.hpp"

namespace mtcp::testing {
namespace {

// Two who hold the same key, of which one poses as the server.
class Sharers : public ::testing::Test {
 protected:
  // What the client and the server say, with these keys at the server.
  std::pair<error_code, error_code> meet(const key_ring& at_server, const tls_options& of_client = {}) {
    auto sockets = connected_sockets(io);
    secure_channel client(std::move(sockets.client));
    secure_channel server(std::move(sockets.server));
    running connecting(io, reach(client, tls_context::client(of_client)));
    running serving(io, serve(server, tls_context::server(at_server)));
    run_all(io);
    clock_was_wrong = server.has_wrong_clock();
    return {connecting.get(), serving.get()};
  }
  task<error_code> reach(secure_channel& channel, tls_context context) {
    co_return co_await channel.connect(context, shared);
  }
  task<error_code> serve(secure_channel& channel, tls_context context) {
    const error_code error = co_await channel.accept(context);
    if (error) channel.close();
    co_return error;
  }
  key_ring ring(const key_ring::identity& of_server) const {
    key_ring keys = ring_of({shared});
    keys.add(of_server);
    return keys;
  }

  asio::io_context io;
  const key_ring::identity identity = std::make_shared<const server_identity>(server_identity::generate());
  const key shared = key::generate(identity->public_key());
  bool clock_was_wrong = false;
};

TEST_F(Sharers, ReachTheServer) {
  const auto [client, server] = meet(ring(identity));
  EXPECT_FALSE(client);
  EXPECT_FALSE(server);
}

TEST_F(Sharers, AreNoServersToEachOther) {
  const auto other = std::make_shared<const server_identity>(server_identity::generate());
  EXPECT_EQ(meet(ring(other)).first, errc::tls_rejected);
  EXPECT_EQ(meet(ring_of({shared})).first, errc::tls_rejected);
}

TEST_F(Sharers, ReachAServerThatChangesItsIdentity) {
  key_ring keys = ring(std::make_shared<const server_identity>(server_identity::generate()));
  keys.add(identity);
  EXPECT_FALSE(meet(keys).first);
}

TEST_F(Sharers, AreTurnedAwayByTheClockWhichTheServerIsTold) {
  const tls_options late{.time_of_day = +[] { return today() + std::chrono::hours(3); }};
  EXPECT_EQ(meet(ring(identity), late).first, errc::tls_rejected);
  EXPECT_TRUE(clock_was_wrong);
  // Of who does not have the key nobody is told that there is one of this name.
  const named_key stale = name_key(shared, today() - std::chrono::hours(3));
  tls_driver server(tls_context::server(ring(identity)));
  auto stranger = raw_psk_client(stale.identity, shared.mac_key());
  stranger->handshake();
  std::vector<std::byte> answer;
  std::vector<core::slice> early;
  EXPECT_TRUE(server.handshake(stranger->output(), answer, early));
  EXPECT_FALSE(server.has_wrong_clock());
  const tls_options nearly{.time_of_day = +[] { return today() - std::chrono::minutes(119); }};
  EXPECT_FALSE(meet(ring(identity), nearly).first);
  EXPECT_FALSE(clock_was_wrong);
}

}  // namespace
}  // namespace mtcp::testing
