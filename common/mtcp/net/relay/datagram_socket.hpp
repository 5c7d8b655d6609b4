// A UDP socket that an error about a single datagram does not end: what ICMP or a full buffer says is ignored, and that
// datagram dropped.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "mtcp/async.hpp"

namespace mtcp {

class datagram_socket {
 public:
  using receiver = std::function<void(std::span<const std::byte> datagram, const udp::endpoint& from)>;

  /// Not open.
  explicit datagram_socket(const executor& where) : socket_(where) {}

  /// Binds. The unspecified IPv6 address takes IPv4 too.
  error_code open(const udp::endpoint& local);
  udp::endpoint local_endpoint() const;
  /// Sends now or drops; an IPv4 address is mapped where the socket needs that. The error is for whoever has another
  /// address to try.
  error_code send(std::span<const std::byte> datagram, const udp::endpoint& to);
  /// The same for a datagram in two parts.
  error_code send(std::span<const std::byte> head, std::span<const std::byte> payload, const udp::endpoint& to);

  /// Hands every datagram to `to`, with IPv4-mapped sources unmapped, until close().
  task<> receive_all(receiver to);
  void close();

 private:
  bool receive_burst(const receiver& to);

  udp::socket socket_;
  bool is_v6_ = false;
  bool closed_ = false;
};

}  // namespace mtcp
