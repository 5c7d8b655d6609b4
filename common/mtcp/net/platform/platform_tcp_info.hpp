// TCP_INFO of a connection. On its own because the kernel's <linux/tcp.h>, which alone knows the newer fields, cannot
// be included beside the <netinet/tcp.h> that Asio includes.
#pragma once

#include <optional>

#include "mtcp/core/engine.hpp"

namespace mtcp::platform {

/// Of a connected TCP socket; empty if there is no such thing here.
std::optional<core::tcp_info> tcp_info_of(int descriptor);
std::optional<core::duration> shortest_round_trip_of(int descriptor);

}  // namespace mtcp::platform
