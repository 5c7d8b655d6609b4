// Ends a TCP connection at once.
#pragma once

#include "mtcp/async.hpp"

namespace mtcp::detail {

/// Closes the socket, so that its peer reads a reset; what has not been sent is dropped.
inline void reset(tcp::socket& socket) noexcept {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace mtcp::detail
