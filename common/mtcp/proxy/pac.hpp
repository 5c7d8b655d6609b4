// Proxy auto-configuration: the script by which a browser finds the local listener.
#pragma once

#include <string>

#include "mtcp/types.hpp"

namespace mtcp::proxy {

inline constexpr const char* pac_type = "application/x-ns-proxy-autoconfig";

/// The script that names the listener at `proxy`. Browsers cannot log in to SOCKS, so with users it names the HTTP
/// proxy first. A host that could be anything but a name or an address becomes 127.0.0.1: it ends up in a script.
std::string proxy_pac(const core::target& proxy, bool with_users);

}  // namespace mtcp::proxy
