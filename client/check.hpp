// The key and the passwords of a client, and what its settings come to.
#pragma once

#include <vector>

#include "mtcp/key.hpp"
#include "settings.hpp"

namespace mtcp::client {

/// Reads the key file; or the URL, which sets the paths as well; and the passwords of the paths' proxies. Throws
/// key_error.
key load_key(tunnel_settings& s);
/// Those of all tunnels, in their order. Throws program::settings_error for a key that --min-protocol rules out.
std::vector<key> load_keys(settings& s);

/// The subcommand `check`: prints what the client would do, and returns the exit code, 0.
int print_settings(const settings& s, const std::vector<key>& secrets);

/// The subcommand `env`: prints what a shell needs to use the proxy, or to do without, and returns the exit code, 0.
int print_env(const settings& s);

}  // namespace mtcp::client
