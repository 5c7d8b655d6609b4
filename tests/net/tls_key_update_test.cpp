// TLS key updates: when we replace our key, and a peer that replaces its own without end.
#include <chrono>

#include "mtcp/error.hpp"
#include "net/tls_driver_pair.hpp"
#include "net/tls_raw_peer.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;
using std::chrono::hours;
using std::chrono::minutes;

TEST(KeyUpdate, ReplacesItsKeyByRecords) {
  tls_options options;
  options.key_update_records = 3;
  driver_pair pair(options);
  pair.shake_hands();
  std::vector<core::slice> got;
  bytes answer;
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(pair.server.decrypt(encrypted(pair.client, bytes_of("x")), got, answer));
  EXPECT_EQ(pair.client.key_updates(), 3U);
  EXPECT_EQ(joined(got).size(), 10U);
  EXPECT_TRUE(answer.empty());
}

// On the wire the update is a record of its own, of 5 + 5 + 17 bytes, ahead of the data.
TEST(KeyUpdate, ReplacesItsKeyByTime) {
  driver_pair pair;
  pair.shake_hands();
  std::vector<core::slice> got;
  bytes answer;
  const bytes message(512);  // which is not padded
  const core::timestamp start = hours(1000);
  const std::size_t usual = encrypted(pair.server, message, start).size();
  EXPECT_EQ(encrypted(pair.server, message, start + minutes(59)).size(), usual);
  EXPECT_EQ(encrypted(pair.server, message, start + minutes(60)).size(), usual + 27);
  EXPECT_EQ(encrypted(pair.server, message, start + minutes(61)).size(), usual);
  EXPECT_EQ(encrypted(pair.server, message, start + minutes(121)).size(), usual + 27);
  EXPECT_EQ(pair.server.key_updates(), 2U);
}

// A peer that floods us with key updates, each of which costs as much as many records.
class KeyUpdateFlood : public ::testing::Test {
 protected:
  KeyUpdateFlood() {
    bytes out;
    while (!client->handshake() || !server.established()) {
      out.clear();
      EXPECT_FALSE(server.handshake(client->output(), out, got));
      client->feed(out);
    }
  }
  error_code updates(int times, int kind) {
    for (int i = 0; i < times; ++i) {
      SSL_key_update(client->ssl(), kind);
      SSL_do_handshake(client->ssl());
    }
    bytes alert;
    return server.decrypt(client->output(), got, alert);
  }
  error_code data() {
    SSL_write(client->ssl(), "x", 1);
    bytes alert;
    return server.decrypt(client->output(), got, alert);
  }

  key shared = key::generate();
  tls_driver server{tls_context::server(ring_of({shared}))};
  std::unique_ptr<raw_peer> client = raw_client_of(shared);
  std::vector<core::slice> got;
};

TEST_F(KeyUpdateFlood, IsNoneWithDataBetween) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(updates(30, SSL_KEY_UPDATE_NOT_REQUESTED));
    EXPECT_FALSE(data());
  }
  EXPECT_EQ(joined(got).size(), 10U);
}

TEST_F(KeyUpdateFlood, IsCutOffInOneRead) { EXPECT_EQ(updates(33, SSL_KEY_UPDATE_NOT_REQUESTED), errc::tls_failed); }

TEST_F(KeyUpdateFlood, IsCutOffOverManyReads) {
  for (int i = 0; i < 32; ++i) ASSERT_FALSE(updates(1, SSL_KEY_UPDATE_NOT_REQUESTED)) << i;
  EXPECT_EQ(updates(1, SSL_KEY_UPDATE_NOT_REQUESTED), errc::tls_failed);
}

TEST_F(KeyUpdateFlood, IsAnsweredOncePerWrite) {
  const bytes message(512);  // which is not padded
  EXPECT_FALSE(updates(1, SSL_KEY_UPDATE_REQUESTED));
  const std::size_t with_answer = encrypted(server, message).size();
  EXPECT_EQ(encrypted(server, message).size() + 27, with_answer);
  EXPECT_FALSE(updates(2, SSL_KEY_UPDATE_REQUESTED));
  EXPECT_EQ(encrypted(server, message).size(), with_answer);
  EXPECT_EQ(encrypted(server, message).size() + 27, with_answer);
}

}  // namespace
}  // namespace mtcp::testing
