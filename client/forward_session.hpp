// One connection to a forwarded port.
#pragma once

#include "mtcp/core/types.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/tunnel.hpp"

namespace mtcp::client {

/// Ends when the application's connection does; resets it if the server does not reach `to`.
task<> serve_forward(tunnel& through, core::target to, tcp::socket application);

}  // namespace mtcp::client
