// Our own records against OpenSSL's record layer, either cipher, through key updates on both sides.
#include <openssl/err.h>

#include "mtcp/error.hpp"
#include "net/tls_driver_pair.hpp"
#include "net/tls_raw_peer.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;

class OpensslPeer : public ::testing::TestWithParam<tls_options::cipher> {
 protected:
  OpensslPeer() {
    bytes out;
    while (!peer->handshake() || !server.established()) {
      out.clear();
      EXPECT_FALSE(server.handshake(peer->output(), out, got));
      peer->feed(out);
    }
  }
  static tls_options options() { return {.preferred = GetParam(), .key_update_records = 5}; }

  bytes read_by_peer(std::size_t size) {
    bytes plain(size);
    for (std::size_t done = 0, n = 0; done < size; done += n)
      if (SSL_read_ex(peer->ssl(), plain.data() + done, size - done, &n) != 1) return {};
    return plain;
  }

  key shared = key::generate();
  tls_driver server{tls_context::server(ring_of({shared}), options())};
  std::unique_ptr<raw_peer> peer = raw_client_of(shared);
  std::vector<core::slice> got;
};

TEST_P(OpensslPeer, ReadsWhatWeSend) {
  for (const std::size_t size : {1UL, 16'384UL, 16'385UL, 200'000UL}) {
    const bytes plain = random_bytes(size, size);
    peer->feed(encrypted(server, plain));
    EXPECT_EQ(read_by_peer(size), plain);
  }
  EXPECT_GT(server.key_updates(), 0U);
  bytes out;
  server.goodbye(out);
  peer->feed(out);
  char end = 0;
  EXPECT_EQ(SSL_get_error(peer->ssl(), SSL_read(peer->ssl(), &end, 1)), SSL_ERROR_ZERO_RETURN);
}

TEST_P(OpensslPeer, IsReadByUs) {
  bytes alert;
  for (int i = 0; i < 5; ++i) {
    const bytes plain = random_bytes(40'000, static_cast<std::size_t>(i));
    got.clear();
    SSL_key_update(peer->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_write(peer->ssl(), plain.data(), static_cast<int>(plain.size()));
    ASSERT_FALSE(server.decrypt(peer->output(), got, alert));
    EXPECT_EQ(joined(got), plain);
  }
  SSL_shutdown(peer->ssl());
  EXPECT_EQ(server.decrypt(peer->output(), got, alert), boost::asio::error::eof);
  EXPECT_TRUE(alert.empty());
}

// Padding (RFC 8446, section 5.4) is ours to take off.
TEST_P(OpensslPeer, MayPadItsRecords) {
  SSL_set_block_padding(peer->ssl(), 512);
  SSL_write(peer->ssl(), "x", 1);
  bytes alert;
  ASSERT_FALSE(server.decrypt(peer->output(), got, alert));
  EXPECT_EQ(joined(got), bytes_of("x"));
}

TEST_P(OpensslPeer, UnderstandsWhyItIsCutOff) {
  SSL_write(peer->ssl(), "forged", 6);
  bytes record = peer->output();
  record.back() ^= std::byte{1};
  bytes alert;
  EXPECT_EQ(server.decrypt(record, got, alert), errc::tls_failed);
  peer->feed(alert);
  char end = 0;
  EXPECT_EQ(SSL_get_error(peer->ssl(), SSL_read(peer->ssl(), &end, 1)), SSL_ERROR_SSL);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
}

// A header that no record can have is refused before its body comes.
TEST_P(OpensslPeer, CannotClaimRecordsOfAnySize) {
  const auto refused = [](std::initializer_list<int> header) {
    driver_pair pair;
    pair.shake_hands();
    bytes in, alert;
    for (const int b : header) in.push_back(static_cast<std::byte>(b));
    std::vector<core::slice> nothing;
    return pair.server.decrypt(in, nothing, alert) == errc::tls_failed;
  };
  EXPECT_TRUE(refused({23, 3, 3, 0xff, 0xff}));
  EXPECT_TRUE(refused({23, 3, 3, 0x40, 0x12}));
  EXPECT_FALSE(refused({23, 3, 3, 0x40, 0x11}));
  EXPECT_TRUE(refused({23, 3, 3, 0, 16}));
  EXPECT_TRUE(refused({20, 3, 3, 0, 1}));
  EXPECT_TRUE(refused({21, 3, 3, 0, 2}));
}

INSTANTIATE_TEST_SUITE_P(Suites, OpensslPeer,
                         ::testing::Values(tls_options::cipher::aes_128_gcm, tls_options::cipher::chacha20_poly1305));

}  // namespace
}  // namespace mtcp::testing
