// What a listening socket does when there is no file descriptor, or no memory, to accept a connection with.
#pragma once

#include <optional>

#include "mtcp/async.hpp"
#include "mtcp/net/platform/platform.hpp"

namespace mtcp {

/// Whether accepting failed for want of descriptors or memory.
bool is_shortage(const error_code& error);

/// To be called then. A connection that cannot be accepted stays in the queue, and would be reported again at once, for
/// ever: the reserve lets it be accepted and closed, which tells the peer, and `turned_away` is set. The kernel
/// complains before it looks whether a connection waits at all, so there may be none. Returns the connection if the
/// shortage is over. Otherwise the caller should give others some time to give descriptors back.
std::optional<tcp::socket> accept_in_shortage(tcp::acceptor& at, platform::reserve_descriptor& reserve,
                                              bool& turned_away);

}  // namespace mtcp
