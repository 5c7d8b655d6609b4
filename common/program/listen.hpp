// Where to listen, as an endpoint.
#pragma once

#include "mtcp/core/types.hpp"
#include "mtcp/net/async.hpp"

namespace mtcp::program {

/// An empty host is every address: of IPv6 and IPv4 together, or of IPv4 where there is no IPv6. A name stands for the
/// first of its addresses; asking for it may block. Throws boost::system::system_error, which names the host.
tcp::endpoint listen_endpoint(const core::target& where);

}  // namespace mtcp::program
