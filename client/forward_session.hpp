// One connection to a forwarded port.
#pragma once

#include "mtcp/async.hpp"
#include "mtcp/tunnel.hpp"
#include "mtcp/types.hpp"

namespace mtcp::client {

/// Ends when the application's connection does; resets it if the server does not reach `to`.
task<> serve_forward(tunnel& through, core::target to, tcp::socket application);

}  // namespace mtcp::client
