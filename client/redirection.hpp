// What may not go through the tunnel although a packet filter has sent it here: it would come back for ever.
#pragma once

#include <cstdint>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/own_addresses.hpp"

namespace mtcp::client {

enum class redirection : std::uint8_t {
  good,
  /// Meant for this machine itself. So is every connection to the listener that nobody has redirected: whoever can
  /// reach it can do nothing with it.
  to_this_machine,
  nowhere,  ///< no address that a connection could lead to
};

redirection judge(const own_addresses& here, const ip_address& to, std::uint16_t port);

/// What it refuses stands in the log once, with what the rules have to leave out.
class redirection_guard {
 public:
  bool permits(const ip_address& to, std::uint16_t port);
  /// Whether this client itself has begun that connection, or that series of datagrams: a bridge, or a question for the
  /// name of a server. To be asked once for each.
  bool is_own(const tcp::endpoint& from) { return is_own_socket(from); }
  bool is_own(const udp::endpoint& from) { return is_own_socket(from); }

 private:
  template <class Endpoint>
  bool is_own_socket(const Endpoint& from);

  own_addresses here_;
  bool told_of_this_machine_ = false;
  bool told_of_itself_ = false;
};

}  // namespace mtcp::client
