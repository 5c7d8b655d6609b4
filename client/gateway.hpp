// --transparent: takes what a packet filter sends, TCP by REDIRECT or TPROXY and UDP by TPROXY, and leads it where it
// was meant to go, through the tunnel. Programs and machines need not know of any proxy.
#pragma once

#include <cstdint>
#include <memory>

#include "mtcp/net/listener.hpp"
#include "redirection.hpp"
#include "udp_gateway.hpp"

namespace mtcp::client {

class gateway {
 public:
  /// `now` tells how to serve what begins.
  gateway(const executor& where, udp_gateway::port_source now, std::uint32_t mark);

  /// Serves what `at` accepts; with the permissions for it by TPROXY too, and UDP on the same port. If they are missing
  /// the log says so, once. Throws boost::system::system_error if the port is taken.
  void open(listener& at);
  /// Serves one connection of such a listener, and ends when it does.
  task<> serve(tcp::socket application);

  /// UDP, until stop().
  task<> run() { return udp_.run(); }
  void stop() { udp_.stop(); }

 private:
  void look_at_low_ports(bool ipv6);

  udp_gateway::port_source now_;
  redirection_guard guard_;
  udp_gateway udp_;
  bool told_ = false;
  bool told_of_low_ports_ = false;
};

}  // namespace mtcp::client
