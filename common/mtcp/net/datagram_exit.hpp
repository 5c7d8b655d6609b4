// Where the datagrams of a UDP association leave for their destinations: one socket for all of them, so that the source
// port is the same for all, and whoever knows it can answer (full cone). Every destination has to be permitted, name or
// not; what is not is dropped, as is what cannot be sent.
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/async.hpp"
#include "mtcp/core/datagram.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/net/dial/udp_names.hpp"
#include "mtcp/net/relay/datagram_socket.hpp"

namespace mtcp {

class datagram_exit {
 public:
  using clock = std::chrono::steady_clock;

  struct options {
    std::size_t max_lookups = 64;                ///< datagrams that wait for a name at once
    datagram_socket::receiver on_datagram{};     ///< what comes back
    std::function<void(std::size_t)> on_sent{};  ///< bytes that went out; may be empty
    std::uint32_t mark = 0;                      ///< SO_MARK (Linux); 0 for none
  };

  /// `names` must outlive it, or until close() and then run().
  datagram_exit(const executor& where, resolver& names, permission allowed, options o);
  datagram_exit(const datagram_exit&) = delete;
  datagram_exit& operator=(const datagram_exit&) = delete;

  /// For both families, or for IPv4 alone where there is no IPv6.
  error_code open();
  std::uint16_t port() const { return socket_.local_endpoint().port(); }
  void send(core::datagram datagram);
  /// Receives until close(). Returns when nothing of it is under way any more; call it once.
  task<> run();
  void close();

 private:
  task<> look_up_and_send(core::datagram datagram);
  void send_to_name(const std::vector<ip_address>& found, const core::datagram& datagram);
  bool send_to(const ip_address& to, const core::datagram& datagram);

  datagram_socket socket_;
  resolver& names_;
  permission allowed_;
  options options_;
  udp_names choices_;
  bool closed_ = false;
  task_group lookups_;
};

}  // namespace mtcp
