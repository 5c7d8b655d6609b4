// Two TLS drivers without sockets, and the std::vector<std::byte> between them in the test's hands.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "mtcp/net/tls/tls_driver.hpp"
#include "net/tls_fixture.hpp"

namespace mtcp::testing {

class driver_pair {
 public:
  explicit driver_pair(const tls_options& options = {})
      : client(tls_context::client(options), std::make_shared<const key>(shared)),
        server(tls_context::server(ring_of({shared}), options)) {}

  // At most `piece` bytes at a time.
  void shake_hands(std::size_t piece = ~std::size_t{0}) {
    std::vector<std::byte> to_server;
    std::vector<std::byte> to_client;
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
  void deliver(tls_driver& to, std::vector<std::byte>& input, std::vector<std::byte>& answer, std::size_t piece) {
    while (!input.empty()) {
      const std::size_t n = std::min(piece, input.size());
      const std::vector<std::byte> part(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(n));
      input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(n));
      ASSERT_FALSE(to.established() ? to.decrypt(part, early, answer) : to.handshake(part, answer, early));
    }
  }
};

inline std::vector<std::byte> encrypted(tls_driver& by, std::span<const core::byte_piece> plain,
                                        core::timestamp now = {}) {
  core::piece_reader reader(plain);
  std::vector<std::byte> out(tls_driver::max_encrypted(reader.left()));
  const auto size = by.encrypt(reader, reader.left(), out, now);
  EXPECT_TRUE(size.has_value());
  EXPECT_EQ(reader.left(), 0U);
  out.resize(size ? *size : 0);
  return out;
}

inline std::vector<std::byte> encrypted(tls_driver& by, const std::vector<std::byte>& plain, core::timestamp now = {}) {
  const core::byte_piece whole = plain;
  return encrypted(by, {&whole, 1}, now);
}

}  // namespace mtcp::testing
