// The far end of a UDP association: one socket that talks to every destination of one application.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "mtcp/acceptor.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"

namespace mtcp::server {

struct association_options {
  std::chrono::milliseconds idle = std::chrono::minutes(5);  ///< without a datagram either way it ends (RFC 4787, 4.3)
  std::size_t max_lookups = 64;                              ///< datagrams that wait for a name at once
  /// Whether a datagram of so many bytes, up or down, may cross; empty: all may.
  std::function<bool(std::size_t, bool up)> admits{};
};

/// What an association has carried.
struct udp_traffic {
  static constexpr std::size_t max_destinations = 32;
  std::uint64_t bytes_up = 0, bytes_down = 0;  ///< of payloads
  std::vector<std::string> destinations{};     ///< HOST:PORT of the first ones, as the client named them
};

/// Serves `request`, whose target core::is_association(), to its end. Its source port is the same for all destinations,
/// and whoever knows it can answer (full cone). Every destination has to be allowed, name or not; what is not is
/// dropped, as is what cannot be sent.
task<udp_traffic> serve_association(incoming request, resolver& names, permission allowed,
                                    association_options options = {});

}  // namespace mtcp::server
