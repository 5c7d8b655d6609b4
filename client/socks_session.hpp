// One application on the SOCKS listener: its handshake, the stream that it asks for, and the bytes.
#pragma once

#include <chrono>

#include "mtcp/net/async.hpp"
#include "mtcp/net/tunnel.hpp"

namespace mtcp::client {

/// Ends when the application's connection does. The handshake may take `limit` as a whole; success is told only once
/// the server has reached the destination.
task<> serve_socks(tunnel& through, tcp::socket application,
                   std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace mtcp::client
