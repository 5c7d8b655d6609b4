// Secrets that are over are nowhere in this process's memory any more: what somebody reads of it later opens nothing
// that was recorded before.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/net/tls/cleansed_memory.hpp"
#include "net/tls_driver_pair.hpp"
#include "net/tls_raw_peer.hpp"

namespace mtcp::testing {
namespace {

const bool installed = cleanse_freed_secrets();

/// A secret that this test can look for without having it: each byte is stored as its opposite.
class shadow {
 public:
  explicit shadow(std::string_view hex) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    for (std::size_t i = 0; i < opposite_.size(); ++i)
      opposite_[i] = static_cast<std::uint8_t>(~(value(hex[2 * i]) << 4 | value(hex[2 * i + 1])));
  }
  /// In memory that may be of any object, or of none any more.
  __attribute__((no_sanitize("address", "undefined", "thread"))) std::size_t count_in(std::uintptr_t from,
                                                                                      std::uintptr_t to) const {
    std::size_t found = 0;
    for (std::uintptr_t at = from; at + opposite_.size() <= to; ++at) {
      const volatile std::uint8_t* const here = reinterpret_cast<const volatile std::uint8_t*>(at);
      std::size_t same = 0;
      while (same < size && here[same] == static_cast<std::uint8_t>(~opposite_.data()[same])) ++same;
      found += same == size ? 1 : 0;
    }
    return found;
  }

 private:
  static constexpr std::size_t size = 32;
  std::array<std::uint8_t, size> opposite_;
};

struct region {
  std::uintptr_t from, to;
};

/// All that this process may write to, but for what a sanitizer keeps of it.
std::vector<region> writable_memory() {
  constexpr std::uintptr_t too_large = std::uintptr_t{1} << 30;
  std::vector<region> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto dash = line.find('-'), blank = line.find(' ');
    const region one{std::stoull(line.substr(0, dash), nullptr, 16),
                     std::stoull(line.substr(dash + 1, blank - dash - 1), nullptr, 16)};
    const bool can_be_read = line.compare(blank + 1, 2, "rw") == 0;
    if (can_be_read && one.to - one.from < too_large) all.push_back(one);
  }
  return all;
}

std::size_t count(const shadow& of) {
  std::size_t found = 0;
  for (const region& one : writable_memory()) found += of.count_in(one.from, one.to);
  return found;
}

std::vector<shadow> told;  // the first secrets of both directions

void take(const SSL*, const char* line) {
  const std::string_view text(line);
  if (text.starts_with("CLIENT_TRAFFIC_SECRET_0 ") || text.starts_with("SERVER_TRAFFIC_SECRET_0 "))
    told.emplace_back(text.substr(text.rfind(' ') + 1));
}

class Secrets : public ::testing::TestWithParam<tls_options::cipher> {
 protected:
  Secrets() {
    told.clear();
    SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(peer->ssl()), take);
    std::vector<std::byte> out;
    while (!peer->handshake() || !server->established()) {
      out.clear();
      EXPECT_FALSE(server->handshake(peer->output(), out, got));
      peer->feed(out);
    }
  }
  void SetUp() override {
    ASSERT_TRUE(installed);
    ASSERT_EQ(told.size(), 2U);
  }
  std::size_t count_all() const { return count(told[0]) + count(told[1]); }

  key shared = key::generate();
  std::unique_ptr<tls_driver> server = std::make_unique<tls_driver>(
      tls_context::server(ring_of({shared}), tls_options{.preferred = GetParam(), .key_update_records = 1}));
  std::unique_ptr<raw_peer> peer = raw_client_of(shared);
  std::vector<core::slice> got;
};

TEST_P(Secrets, AreFoundWhileTheyAreUsed) { EXPECT_GE(count_all(), 2U) << "or the other tests show nothing"; }

TEST_P(Secrets, AreGoneWithTheConnection) {
  server.reset();
  peer.reset();
  EXPECT_EQ(count_all(), 0U);
}

TEST_P(Secrets, AreGoneOnceTheyAreReplaced) {
  const auto hello = bytes_of("x");
  for (int i = 0; i < 2; ++i) encrypted(*server, hello);
  EXPECT_GT(server->key_updates(), 0U);
  std::vector<std::byte> alert;
  SSL_key_update(peer->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
  SSL_write(peer->ssl(), "x", 1);
  ASSERT_FALSE(server->decrypt(peer->output(), got, alert));
  peer.reset();  // OpenSSL keeps the first ones as long as a connection lives
  EXPECT_EQ(count_all(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Suites, Secrets,
                         ::testing::Values(tls_options::cipher::aes_128_gcm, tls_options::cipher::chacha20_poly1305));

}  // namespace
}  // namespace mtcp::testing
