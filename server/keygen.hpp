// Making keys.
#pragma once

#include <string>

namespace mtcp::server {

/// The subcommand `keygen`: prints a new key, or writes it into a new file of mode 0600. A file that is there and holds
/// keys stays as it is, so that this may stand in front of every start. Returns the exit code, 0. Throws
/// program::settings_error (EX_CANTCREAT) and key_error.
int make_key(const std::string& file);

}  // namespace mtcp::server
