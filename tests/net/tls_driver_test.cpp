// The TLS driver without sockets: two of them, and the bytes between them in the test's hands.
#include "mtcp/net/tls/tls_driver.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/tls_context_state.hpp"
#include "net/tls_fixture.hpp"
#include "net/tls_raw_peer.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;
using std::chrono::hours;
using std::chrono::minutes;

class driver_pair {
 public:
  explicit driver_pair(const tls_options& options = {})
      : client(tls_context::client(options), std::make_shared<const key>(shared)),
        server(tls_context::server(ring_of({shared}), options)) {}

  // At most `piece` bytes at a time.
  void shake_hands(std::size_t piece = ~std::size_t{0}) {
    bytes to_server;
    bytes to_client;
    EXPECT_FALSE(client.handshake({}, to_server, early));
    while (!to_server.empty() || !to_client.empty()) {
      deliver(server, to_server, to_client, piece);
      deliver(client, to_client, to_server, piece);
    }
    ASSERT_TRUE(client.established());
    ASSERT_TRUE(server.established());
  }

  key shared = key::generate();
  tls_driver client;
  tls_driver server;
  std::vector<core::slice> early;

 private:
  void deliver(tls_driver& to, bytes& input, bytes& answer, std::size_t piece) {
    while (!input.empty()) {
      const std::size_t n = std::min(piece, input.size());
      const bytes part(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(n));
      input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(n));
      ASSERT_FALSE(to.established() ? to.decrypt(part, early, answer) : to.handshake(part, answer, early));
    }
  }
};

bytes encrypted(tls_driver& by, std::span<const core::byte_piece> plain, core::timestamp now = {}) {
  core::piece_reader reader(plain);
  bytes out(tls_driver::encrypted_most(reader.left()));
  const auto size = by.encrypt(reader, reader.left(), out, now);
  EXPECT_TRUE(size.has_value());
  EXPECT_EQ(reader.left(), 0U);
  out.resize(size ? *size : 0);
  return out;
}

bytes encrypted(tls_driver& by, const bytes& plain, core::timestamp now = {}) {
  const core::byte_piece whole = plain;
  return encrypted(by, {&whole, 1}, now);
}

TEST(tls_driver, shakes_hands_byte_by_byte) {
  driver_pair pair;
  pair.shake_hands(1);
  EXPECT_EQ(pair.client.exporter(), pair.server.exporter());
}

// OpenSSL tells secrets by a callback and in words that another version may change. The ends of such a version must not
// agree on keys that nobody has told.
class untold_secrets : public ::testing::TestWithParam<void (*)(const SSL*, const char*)> {
 protected:
  tls_context affected(tls_context context) {
    SSL_CTX_set_keylog_callback(context->ssl.get(), GetParam());
    return context;
  }
  tls_context client_context = tls_context::client();
  tls_context server_context = tls_context::server(ring_of({shared}));

  // Returns what became of the client; then of the server, if it heard of the former.
  std::array<tls_driver::error_code, 2> shake_hands(tls_context of_client, tls_context of_server) {
    tls_driver client(std::move(of_client), std::make_shared<const key>(shared));
    tls_driver server(std::move(of_server));
    bytes to_server, to_client, nothing;
    std::vector<core::slice> early;
    EXPECT_FALSE(client.handshake({}, to_server, early));
    EXPECT_FALSE(server.handshake(to_server, to_client, early));
    to_server.clear();
    const auto first = client.handshake(to_client, to_server, early);
    const auto second = server.handshake(to_server, nothing, early);
    EXPECT_EQ(client.established(), !first);
    EXPECT_EQ(server.established(), !second);
    return {first, second};
  }

  static inline const key shared = key::generate();
};

TEST_P(untold_secrets, end_the_handshake_of_the_client) {
  EXPECT_EQ(shake_hands(affected(client_context), server_context)[0], errc::tls_failed);
}

TEST_P(untold_secrets, end_the_handshake_of_the_server) {
  const auto [client, server] = shake_hands(client_context, affected(server_context));
  EXPECT_FALSE(client);
  EXPECT_EQ(server, errc::tls_failed);
}

void tell_of_client(const SSL* ssl, const char* line) {
  if (std::string_view(line).starts_with("CLIENT_TRAFFIC_SECRET_0")) take_secret(ssl, line);
}
void tell_of_server(const SSL* ssl, const char* line) {
  if (std::string_view(line).starts_with("SERVER_TRAFFIC_SECRET_0")) take_secret(ssl, line);
}
void tell_under_other_names(const SSL* ssl, const char* line) {
  take_secret(ssl, ("TLS13_" + std::string(line)).c_str());
}
void tell_longer_ones(const SSL* ssl, const char* line) { take_secret(ssl, (std::string(line) + "00").c_str()); }
void tell_less(const SSL* ssl, const char* line) { take_secret(ssl, std::string(line, 100).c_str()); }
void tell_in_other_digits(const SSL* ssl, const char* line) {
  std::string other(line);
  other.back() = '=';
  take_secret(ssl, other.c_str());
}

INSTANTIATE_TEST_SUITE_P(ways, untold_secrets,
                         ::testing::Values(nullptr, tell_of_client, tell_of_server, tell_under_other_names,
                                           tell_longer_ones, tell_less, tell_in_other_digits));

// SSL objects hold the first secrets, from which the keys of all updates follow.
TEST(tls_driver, keeps_no_ssl_object_behind_the_handshake) {
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
TEST(tls_driver, encrypts_what_lies_in_pieces) {
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

TEST(tls_driver, decrypts_what_is_cut_anywhere) {
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

TEST(tls_driver, fills_chunks_completely) {
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
TEST(tls_driver, leaves_earlier_slices_alone) {
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

TEST(tls_driver, hands_out_what_came_before_a_forged_record) {
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

TEST(tls_driver, refuses_records_out_of_order_and_repeated) {
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

TEST(tls_driver, says_goodbye_once) {
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

TEST(tls_driver, replaces_its_key_by_records) {
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
TEST(tls_driver, replaces_its_key_by_time) {
  driver_pair pair;
  pair.shake_hands();
  std::vector<core::slice> got;
  bytes answer;
  const core::timestamp start = hours(1000);
  const std::size_t usual = encrypted(pair.server, bytes_of("x"), start).size();
  EXPECT_EQ(encrypted(pair.server, bytes_of("x"), start + minutes(59)).size(), usual);
  EXPECT_EQ(encrypted(pair.server, bytes_of("x"), start + minutes(60)).size(), usual + 27);
  EXPECT_EQ(encrypted(pair.server, bytes_of("x"), start + minutes(61)).size(), usual);
  EXPECT_EQ(encrypted(pair.server, bytes_of("x"), start + minutes(121)).size(), usual + 27);
  EXPECT_EQ(pair.server.key_updates(), 2U);
}

// A peer that floods us with key updates, each of which costs as much as many records.
class key_update_flood : public ::testing::Test {
 protected:
  key_update_flood() {
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
  std::unique_ptr<raw_peer> client = raw_psk_client(make_psk_identity(shared), shared.tls_psk());
  std::vector<core::slice> got;
};

TEST_F(key_update_flood, is_none_with_data_between) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(updates(30, SSL_KEY_UPDATE_NOT_REQUESTED));
    EXPECT_FALSE(data());
  }
  EXPECT_EQ(joined(got).size(), 10U);
}

TEST_F(key_update_flood, is_cut_off_in_one_read) {
  EXPECT_EQ(updates(33, SSL_KEY_UPDATE_NOT_REQUESTED), errc::tls_failed);
}

TEST_F(key_update_flood, is_cut_off_over_many_reads) {
  for (int i = 0; i < 32; ++i) ASSERT_FALSE(updates(1, SSL_KEY_UPDATE_NOT_REQUESTED)) << i;
  EXPECT_EQ(updates(1, SSL_KEY_UPDATE_NOT_REQUESTED), errc::tls_failed);
}

TEST_F(key_update_flood, is_answered_once_per_write) {
  EXPECT_FALSE(updates(1, SSL_KEY_UPDATE_REQUESTED));
  const std::size_t with_answer = encrypted(server, bytes_of("x")).size();
  EXPECT_EQ(encrypted(server, bytes_of("x")).size() + 27, with_answer);
  EXPECT_FALSE(updates(2, SSL_KEY_UPDATE_REQUESTED));
  EXPECT_EQ(encrypted(server, bytes_of("x")).size(), with_answer);
  EXPECT_EQ(encrypted(server, bytes_of("x")).size() + 27, with_answer);
}

// Our own records against OpenSSL's record layer, either cipher, through key updates on both sides.
class openssl_peer : public ::testing::TestWithParam<tls_options::cipher> {
 protected:
  openssl_peer() {
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
  std::unique_ptr<raw_peer> peer = raw_psk_client(make_psk_identity(shared), shared.tls_psk());
  std::vector<core::slice> got;
};

TEST_P(openssl_peer, reads_what_we_send) {
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

TEST_P(openssl_peer, is_read_by_us) {
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
TEST_P(openssl_peer, may_pad_its_records) {
  SSL_set_block_padding(peer->ssl(), 512);
  SSL_write(peer->ssl(), "x", 1);
  bytes alert;
  ASSERT_FALSE(server.decrypt(peer->output(), got, alert));
  EXPECT_EQ(joined(got), bytes_of("x"));
}

TEST_P(openssl_peer, understands_why_it_is_cut_off) {
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
TEST_P(openssl_peer, cannot_claim_records_of_any_size) {
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

INSTANTIATE_TEST_SUITE_P(suites, openssl_peer,
                         ::testing::Values(tls_options::cipher::aes_128_gcm, tls_options::cipher::chacha20_poly1305));

}  // namespace
}  // namespace mtcp::testing
