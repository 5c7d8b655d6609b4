// Whether this process itself has sent something: one that is given its own connections would go in circles.
#pragma once

#include "mtcp/async.hpp"

namespace mtcp::platform {

/// A socket of this process is at `local`, an address of this machine, or at this port of all addresses. Looks at all
/// of them; false where the system does not tell of them (/proc/self/fd).
bool has_socket_at(const tcp::endpoint& local);
bool has_socket_at(const udp::endpoint& local);

}  // namespace mtcp::platform
