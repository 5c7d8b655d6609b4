// What the settings of a server come to.
#pragma once

#include "settings.hpp"

namespace mtcp::server {

/// The subcommand `check`: reads the keys, prints what the server would do, and returns the exit code, 0. Throws
/// key_error.
int print_settings(const settings& s);

}  // namespace mtcp::server
