// One connection to a forwarded port.
#pragma once

#include "mtcp/async.hpp"
#include "mtcp/tunnel.hpp"
#include "mtcp/types.hpp"
#include "program/traffic_book.hpp"

namespace mtcp::client {

/// Ends when the application's connection does; resets it if the server does not reach `to`.
task<> serve_forward(tunnel& through, std::shared_ptr<program::traffic_book> book, core::target to,
                     tcp::socket application);

}  // namespace mtcp::client
