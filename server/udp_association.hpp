// The far end of a UDP association: one socket that talks to every destination of one application.
#pragma once

#include <chrono>
#include <cstddef>

#include "mtcp/acceptor.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/net/dial/rules.hpp"

namespace mtcp::server {

struct association_options {
  std::chrono::milliseconds idle = std::chrono::minutes(5);  ///< without a datagram either way it ends (RFC 4787, 4.3)
  std::size_t max_lookups = 64;                              ///< datagrams that wait for a name at once
};

/// Serves `request`, whose target core::is_association(), to its end. Its source port is the same for all destinations,
/// and whoever knows it can answer (full cone). Every destination is checked against the rules, name or not; what they
/// forbid is dropped, as is what cannot be sent.
task<> serve_association(incoming request, resolver& names, const rules& allowed, association_options options = {});

}  // namespace mtcp::server
