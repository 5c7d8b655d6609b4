// What a client has the server listen on.
#pragma once

#include <string>

#include "mtcp/types.hpp"

namespace mtcp {

struct reverse_options {
  /// An IP address of the server's, "::" for all of them, or empty for the one that the server gives the port; port 0
  /// leaves that to the server as well.
  core::target listen;
  core::target to;  ///< where connections lead: what the client's program is to dial
  friend bool operator==(const reverse_options&, const reverse_options&) = default;
};

/// As the user writes it: "8080", "*:8080", "192.0.2.1:8080" or "[2001:db8::1]:8080".
inline std::string listen_name(const core::target& at) {
  const std::string port = std::to_string(at.port);
  if (at.host.empty()) return port;
  if (at.host == "::") return "*:" + port;
  const bool is_ipv6 = at.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + at.host + "]:" : at.host + ":") + port;
}

}  // namespace mtcp
