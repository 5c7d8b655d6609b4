// One application on the SOCKS listener: its handshake, the stream that it asks for, and the bytes.
#pragma once

#include "mtcp/net/async.hpp"
#include "mtcp/net/tunnel.hpp"

namespace mtcp::client {

/// Ends when the application's connection does. A handshake may take 10 s; success is told only once the server has
/// reached the destination.
task<> serve_socks(tunnel& through, tcp::socket application);

}  // namespace mtcp::client
