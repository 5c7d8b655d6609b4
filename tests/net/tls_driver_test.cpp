// The TLS driver without sockets: two of them, and the bytes between them in the test's hands.
#include "mtcp/net/tls/tls_driver.hpp"

#include <openssl/objects.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <set>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_context_state.hpp"
#include "net/tls_driver_pair.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;

TEST(TlsDriver, ShakesHandsByteByByte) {
  driver_pair pair;
  pair.shake_hands(1);
  EXPECT_EQ(pair.client.exporter(), pair.server.exporter());
}

// By one that withstands quantum computers where both have it, which OpenSSL has since 3.5; and with an older peer by
// the other one, without being asked to begin anew.
TEST(TlsDriver, AgreesOnSecretsByTheBetterOfTwoGroups) {
  static int group = 0;
  constexpr int x25519 = 0x1d, x25519_mlkem768 = 0x11ec;  // RFC 8446, section 4.2.7; IANA's registry
  const auto look = [](const SSL* ssl, int where, int) {
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0) group = static_cast<int>(SSL_get_negotiated_group(const_cast<SSL*>(ssl)));
  };
  const bool has_both = OPENSSL_VERSION_NUMBER >= 0x30500000L;
  for (const bool older_peer : {false, true}) {
    const key shared = key::generate();
    tls_context of_client = tls_context::client(), of_server = tls_context::server(ring_of({shared}));
    SSL_CTX_set_info_callback(of_server->ssl.get(), look);
    if (older_peer) SSL_CTX_set1_groups_list(of_client->ssl.get(), "X25519");
    tls_driver client(of_client, std::make_shared<const key>(shared)), server(of_server);
    bytes up, down;
    std::vector<core::slice> early;
    ASSERT_FALSE(client.handshake({}, up, early));
    ASSERT_FALSE(server.handshake(up, down, early));
    up.clear();
    ASSERT_FALSE(client.handshake(down, up, early));
    ASSERT_FALSE(server.handshake(up, down, early));
    ASSERT_TRUE(server.established()) << "there was another round";
    // OpenSSL before 3.2 tells a group by its NID, others that it does not know so by 0x1000000 and the group.
    const bool better = (group & 0xffff) == x25519_mlkem768;
    EXPECT_EQ(better, has_both && !older_peer) << std::hex << group;
    EXPECT_TRUE(better || group == NID_X25519 || group == x25519) << std::hex << group;
  }
}

// SSL objects hold the first secrets, from which the keys of all updates follow.
TEST(TlsDriver, KeepsNoSslObjectBehindTheHandshake) {
  static int objects = 0;
  SSL_get_ex_new_index(
      0, nullptr, [](auto...) { ++objects; }, nullptr, [](auto...) { --objects; });
  driver_pair pair;
  EXPECT_EQ(objects, 2);
  pair.shake_hands();
  EXPECT_EQ(objects, 0);
  EXPECT_EQ(pair.client.exporter(), pair.server.exporter());
}

// The peer cannot see how the plaintext lay in memory.
TEST(TlsDriver, EncryptsWhatLiesInPieces) {
  driver_pair pair;
  pair.shake_hands();
  const bytes plain = random_bytes(100'000, 7);
  for (const std::size_t piece : {1UL, 15UL, 16UL, 17UL, 1000UL, 16'384UL, 16'403UL, 65'536UL}) {
    std::vector<core::byte_piece> pieces;
    for (std::size_t at = 0; at < plain.size(); at += piece)
      pieces.push_back(std::span(plain).subspan(at, std::min(piece, plain.size() - at)));
    const bytes cipher = encrypted(pair.client, pieces);
    EXPECT_LE(cipher.size(), plain.size() + 7 * 22);
    std::vector<core::slice> got;
    bytes answer;
    ASSERT_FALSE(pair.server.decrypt(cipher, got, answer));
    EXPECT_EQ(joined(got), plain);
  }
}

// A greeting and a PING on an idle connection would be known by their size. What comes in quick succession is not
// padded: it costs too much.
TEST(TlsDriver, PadsALittleAfterAPause) {
  driver_pair pair;
  pair.shake_hands();
  const std::vector<std::byte> ping(5);
  const std::size_t plain = ping.size() + tls_record_key::overhead;
  std::set<std::size_t> sizes;
  for (int i = 0; i < 40; ++i) {
    const core::timestamp now = std::chrono::seconds(2 * i);
    const auto padded = encrypted(pair.client, ping, now);
    sizes.insert(padded.size());
    EXPECT_LE(padded.size(), plain + tls_record_key::max_padding);
    const auto next = encrypted(pair.client, ping, now + std::chrono::milliseconds(999));
    EXPECT_EQ(next.size(), plain);
    for (const auto& record : {padded, next}) {
      std::vector<core::slice> got;
      std::vector<std::byte> alert;
      EXPECT_FALSE(pair.server.decrypt(record, got, alert));
      ASSERT_EQ(got.size(), 1U);
      EXPECT_EQ(got.front().size(), ping.size());
    }
  }
  EXPECT_GT(sizes.size(), 20U);
  const std::vector<std::byte> much(512);
  EXPECT_EQ(encrypted(pair.client, much, std::chrono::hours(1) - std::chrono::seconds(1)).size(),
            much.size() + tls_record_key::overhead);
}

TEST(TlsDriver, DecryptsWhatIsCutAnywhere) {
  driver_pair pair;
  pair.shake_hands();
  const bytes plain = random_bytes(100'000, 1);
  for (const std::size_t piece : {1UL, 4UL, 5UL, 6UL, 1000UL, 16'406UL, 100'000UL}) {
    const bytes cipher = encrypted(pair.client, plain);
    std::vector<core::slice> got;
    bytes answer;
    for (std::size_t at = 0; at < cipher.size(); at += piece) {
      const auto part = std::span(cipher).subspan(at, std::min(piece, cipher.size() - at));
      ASSERT_FALSE(pair.server.decrypt(part, got, answer));
    }
    EXPECT_EQ(joined(got), plain);
    EXPECT_TRUE(answer.empty());
  }
}

TEST(TlsDriver, FillsChunksCompletely) {
  driver_pair pair;
  pair.shake_hands();
  const bytes plain = random_bytes(20 * core::chunk_capacity, 2);
  std::vector<core::slice> got;
  bytes answer;
  ASSERT_FALSE(pair.server.decrypt(encrypted(pair.client, plain), got, answer));
  EXPECT_EQ(joined(got), plain);
  EXPECT_LE(got.size(), 21U);
}

// Chunks are shared by what came before, and so must never be written again.
TEST(TlsDriver, LeavesEarlierSlicesAlone) {
  driver_pair pair;
  pair.shake_hands();
  std::vector<core::slice> got;
  bytes answer;
  bytes all;
  for (std::size_t i = 0; i < 200; ++i) {
    const bytes plain = random_bytes(i * 37 % 5000 + 1, i);
    all.insert(all.end(), plain.begin(), plain.end());
    ASSERT_FALSE(pair.server.decrypt(encrypted(pair.client, plain), got, answer));
  }
  EXPECT_EQ(joined(got), all);
}

TEST(TlsDriver, HandsOutWhatCameBeforeAForgedRecord) {
  driver_pair pair;
  pair.shake_hands();
  bytes cipher = encrypted(pair.client, bytes_of("genuine"));
  bytes forged = encrypted(pair.client, bytes_of("forged!"));
  forged.back() ^= std::byte{1};
  cipher.insert(cipher.end(), forged.begin(), forged.end());
  std::vector<core::slice> got;
  bytes answer;
  EXPECT_EQ(pair.server.decrypt(cipher, got, answer), errc::tls_failed);
  EXPECT_EQ(joined(got), bytes_of("genuine"));
}

TEST(TlsDriver, RefusesRecordsOutOfOrderAndRepeated) {
  const bytes one = bytes_of("one");
  const bytes two = bytes_of("two");
  std::vector<core::slice> got;
  bytes answer;
  driver_pair swapped;
  swapped.shake_hands();
  encrypted(swapped.client, one);
  EXPECT_EQ(swapped.server.decrypt(encrypted(swapped.client, two), got, answer), errc::tls_failed);
  driver_pair repeated;
  repeated.shake_hands();
  const bytes record = encrypted(repeated.client, one);
  EXPECT_FALSE(repeated.server.decrypt(record, got, answer));
  EXPECT_EQ(repeated.server.decrypt(record, got, answer), errc::tls_failed);
  EXPECT_EQ(joined(got), one);
}

TEST(TlsDriver, SaysGoodbyeOnce) {
  driver_pair pair;
  pair.shake_hands();
  bytes out;
  pair.client.goodbye(out);
  const std::size_t size = out.size();
  EXPECT_GT(size, 0U);
  pair.client.goodbye(out);
  EXPECT_EQ(out.size(), size);
  std::vector<core::slice> got;
  bytes answer;
  EXPECT_EQ(pair.server.decrypt(out, got, answer), boost::asio::error::eof);
  EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace mtcp::testing
