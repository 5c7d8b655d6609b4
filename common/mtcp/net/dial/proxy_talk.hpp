// The dialogue with a proxy over its socket.
#pragma once

#include "mtcp/async.hpp"
#include "mtcp/proxy_options.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

/// How far a dialogue has come, for who has to say why it was cut short.
struct proxy_progress {
  bool has_asked = false;  ///< the proxy knows the server, and is to connect to it
  bool connected = false;  ///< it has
};

/// Has the proxy at the other end of `socket`, which is non-blocking, connect to `server`. Behind that the socket is
/// the server's: no byte that the proxy has sent behind its answer has been read. It takes as long as the proxy does;
/// who closes the socket ends it. Errors: proxy_refused(), and those of the socket; invalid_argument for what is no
/// host. All parameters outlive it.
task<error_code> talk_to_proxy(tcp::socket& socket, const proxy_options& by, const core::target& server,
                               proxy_progress& progress);

}  // namespace mtcp
