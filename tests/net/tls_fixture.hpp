// What the TLS tests share: two connected sockets on loopback, coroutines run to their end under a deadline, and data
// that can be recognised.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/buffer.hpp"
#include "mtcp/net/tls/secure_channel.hpp"

namespace mtcp::testing {

inline std::chrono::sys_seconds today() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// A coroutine that is running, and later its value.
template <class T>
class running {
 public:
  running(asio::io_context& io, task<T> work) : value_(std::make_shared<std::optional<T>>()) {
    asio::co_spawn(io, std::move(work), [value = value_](std::exception_ptr escaped, T result) {
      if (escaped) std::rethrow_exception(escaped);
      value->emplace(std::move(result));
    });
  }
  bool done() const { return value_->has_value(); }
  /// Throws if it has not ended.
  T& get() { return value_->value(); }

 private:
  std::shared_ptr<std::optional<T>> value_;
};

/// Runs all that was started until nothing is left to do: a test that hangs fails after half a minute.
inline void run_all(asio::io_context& io) {
  io.restart();
  io.run_for(std::chrono::seconds(30));
  ASSERT_TRUE(io.stopped()) << "still waiting for something";
}

template <class T>
T run(asio::io_context& io, task<T> work) {
  running<T> r(io, std::move(work));
  io.restart();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!r.done() && io.run_one_until(deadline) > 0) {
  }
  return std::move(r.get());
}

struct socket_pair {
  tcp::socket client;
  tcp::socket server;
};

inline socket_pair connected_sockets(asio::io_context& io) {
  const auto loopback = asio::ip::address_v4::loopback();
  tcp::acceptor acceptor(io.get_executor(), tcp::endpoint(loopback, 0));
  tcp::socket client(io.get_executor());
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  return {std::move(client), std::move(server)};
}

inline key_ring ring_of(std::initializer_list<key> keys) {
  key_ring ring;
  for (const key& k : keys) ring.add(k);
  return ring;
}

/// Two ends of one connection that share a key.
struct channel_pair {
  explicit channel_pair(asio::io_context& io, const tls_options& options = {}) : channel_pair(io, options, options) {}
  channel_pair(asio::io_context& io, const tls_options& of_client, const tls_options& of_server)
      : channel_pair(io, connected_sockets(io), of_client, of_server) {}

  key shared = key::generate();
  secure_channel client;
  secure_channel server;

 private:
  channel_pair(asio::io_context& io, socket_pair sockets, const tls_options& of_client, const tls_options& of_server)
      : client(std::move(sockets.client)), server(std::move(sockets.server)) {
    const tls_context client_context = tls_context::client(of_client);
    const tls_context server_context = tls_context::server(ring_of({key::generate(), shared}), of_server);
    running<error_code> connecting(io, client.connect(client_context, shared));
    const error_code accepted = run(io, server.accept(server_context));
    run_all(io);
    if (accepted || connecting.get()) throw boost::system::system_error(accepted ? accepted : connecting.get());
  }
};

/// `size` bytes that do not repeat, from a seed.
inline std::vector<std::byte> random_bytes(std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> out(size);
  std::uint64_t x = seed * 2 + 1;
  for (std::byte& b : out) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    b = static_cast<std::byte>(x >> 32 & 0xff);
  }
  return out;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> joined(const std::vector<core::slice>& slices) {
  std::vector<std::byte> out;
  for (const core::slice& s : slices) out.insert(out.end(), s.bytes().begin(), s.bytes().end());
  return out;
}

/// SHA-256 of what it was fed.
class hasher {
 public:
  hasher() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void update(std::span<const std::byte> bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::array<unsigned char, 32> digest() {
    std::array<unsigned char, 32> out{};
    EVP_DigestFinal_ex(context_.get(), out.data(), nullptr);
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

/// Writes all of it, waiting for the socket as often as needed.
inline task<error_code> write_all(secure_channel& channel, std::span<const std::byte> bytes) {
  const error_code error = channel.write(bytes);
  if (error) co_return error;
  co_return co_await channel.flush_all();
}

/// Reads at least `size` bytes.
inline task<result<std::vector<std::byte>>> read_bytes(secure_channel& channel, std::size_t size) {
  std::vector<std::byte> out;
  std::vector<core::slice> slices;
  while (out.size() < size) {
    slices.clear();
    const error_code error = co_await channel.read(slices);
    if (error) co_return error;
    const auto more = joined(slices);
    out.insert(out.end(), more.begin(), more.end());
  }
  co_return out;
}

/// What comes until the end of the plain socket, and how it ended.
struct raw_end {
  std::vector<std::byte> bytes;
  error_code error;
};

inline task<raw_end> read_raw(tcp::socket& socket) {
  raw_end end;
  std::vector<std::byte> buffer(4096);
  while (!end.error) {
    const auto into = asio::buffer(buffer);
    auto [error, size] = co_await socket.async_read_some(into, use_result);
    end.error = error;
    end.bytes.insert(end.bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  }
  co_return end;
}

}  // namespace mtcp::testing
