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
  /// `to` is where it was sent.
  using redirected_receiver =
      std::function<void(std::span<const std::byte> datagram, const udp::endpoint& from, const udp::endpoint& to)>;

  /// Not open.
  explicit datagram_socket(const executor& where) : socket_(where) {}

  /// Binds. The unspecified IPv6 address takes IPv4 too.
  error_code open(const udp::endpoint& local);
  /// Binds to an address that may be of another machine, in whose name it then sends; or to one of this machine, and
  /// gets what a packet filter has for it (platform/transparent.hpp).
  error_code open_transparent(const udp::endpoint& local);
  udp::endpoint local_endpoint() const;
  int native_handle() { return socket_.native_handle(); }
  /// Sends now or drops; an IPv4 address is mapped where the socket needs that. The error is for whoever has another
  /// address to try.
  error_code send(std::span<const std::byte> datagram, const udp::endpoint& to);
  /// The same for a datagram in two parts.
  error_code send(std::span<const std::byte> head, std::span<const std::byte> payload, const udp::endpoint& to);

  /// Hands every datagram to `to`, with IPv4-mapped sources unmapped, until close().
  task<> receive_all(receiver to);
  /// The same for what a packet filter has sent here. After open_transparent().
  task<> receive_redirected(redirected_receiver to);
  void close();

 private:
  using burst = std::function<bool()>;
  error_code bind(const udp::endpoint& local, bool transparent);
  task<> receive(burst next);
  bool receive_burst(const receiver& to);
  bool receive_burst(const redirected_receiver& to);

  udp::socket socket_;
  bool is_v6_ = false;
  bool closed_ = false;
};

}  // namespace mtcp
