// Where an HTTP request to a proxy is to go: authority-form and absolute-form (RFC 9112, section 3.2). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// "HOST:PORT" of a CONNECT; the port must be there and not be 0. A host with colons needs its brackets.
std::optional<core::target> parse_authority(std::string_view text);

/// The inverse, with brackets around a host that has colons.
std::string to_authority(const core::target& to);

/// An absolute "http://HOST[:PORT]/PATH?QUERY", taken apart. "ws://" is the same (RFC 6455, section 3).
struct absolute_uri {
  core::target to;        ///< port 80 if none was named
  std::string authority;  ///< as written, without user information: the value of Host
  std::string origin;     ///< what the destination is asked for: path and query, "/" if there is no path
  bool is_bare = false;   ///< there is neither path nor query: OPTIONS means the server itself (RFC 9112, 3.2.4)
};

/// Empty for another scheme, a bad host or port, and for what holds a space or a control character.
std::optional<absolute_uri> parse_absolute_uri(std::string_view text);

}  // namespace mtcp::proxy
