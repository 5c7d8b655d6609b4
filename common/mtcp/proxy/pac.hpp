// Proxy auto-configuration: the script by which a browser finds the local listener. Pure.
//
// It says the same as the rules: what is direct for the client is DIRECT for the browser, and the rest goes to the
// proxy, which refuses what is blocked and says why. Names are compared, never looked up. With more than a thousand
// rules all goes to the proxy, which knows them.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/proxy/route_table.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

inline constexpr const char* pac_type = "application/x-ns-proxy-autoconfig";
inline constexpr std::size_t max_pac_rules = 1000;

struct pac_options {
  bool with_users = false;             ///< browsers cannot log in to SOCKS, so the HTTP proxy is named then
  const route_table* rules = nullptr;  ///< null: there are none
  // Direct where no rule says otherwise:
  bool loopback = false;
  std::vector<std::pair<core::address_bits, unsigned>> links{};  ///< blocks, and the lengths of their prefixes
};

/// The script that names the listener at `proxy`. A host that could be anything but a name or an address becomes
/// 127.0.0.1: it ends up in a script.
std::string proxy_pac(const core::target& proxy, const pac_options& options);

}  // namespace mtcp::proxy
