// What a shell, or a person, needs to know to use the proxy. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp::client {

enum class shell : std::uint8_t { posix, fish };

/// What applications are told of the proxy: HOST:PORT that leads to it.
struct proxy_place {
  core::target at;
  bool with_users = false;  ///< it asks for a name and a password
};

/// Where to reach a proxy that listens at `listen`: one that listens on all addresses is on loopback, too.
core::target reachable(const core::target& listen);

/// Lines that set the variables which programs read, in lower case and in upper case, since some read only one of them:
/// http_proxy, https_proxy, all_proxy (names are left to the proxy) and no_proxy.
std::string proxy_lines(const proxy_place& proxy, shell of);
/// Lines that take them away again.
std::string unset_lines(shell of);

/// Name and text of what the dashboard offers to copy.
std::vector<std::pair<std::string, std::string>> texts_to_copy(const proxy_place& proxy);

}  // namespace mtcp::client
