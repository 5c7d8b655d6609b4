// The share URL of a user.
#pragma once

#include "settings.hpp"

namespace mtcp::server {

/// The subcommand `url`: prints it, with a QR code if standard output is a terminal, and returns the exit code, 0.
/// Throws key_error and program::settings_error.
int print_url(const settings& s);

}  // namespace mtcp::server
