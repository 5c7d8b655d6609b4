// The key of a client, and what its settings come to.
#pragma once

#include "mtcp/net/key.hpp"
#include "settings.hpp"

namespace mtcp::client {

/// Reads --key-file; or --url-file, which sets the paths as well. Throws key_error.
key load_key(settings& s);

/// The subcommand `check`: prints what the client would do, and returns the exit code, 0.
int print_settings(const settings& s, const key& secret);

}  // namespace mtcp::client
