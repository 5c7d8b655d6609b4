// Making keys.
#pragma once

#include "settings.hpp"

namespace mtcp::server {

/// The subcommand `keygen`. Without a file it prints a new key of version 1, one string for both ends.
///
/// `output` is a new file of mode 0600 for such a key; one that is there and holds keys stays as it is, so that this
/// may stand in front of every start. `append` is the file of a server, new or not, which gets a key of version 2 for
/// one more client, and an identity of the server if it has none.
///
/// Returns the exit code, 0. Throws program::settings_error (EX_CANTCREAT, EX_USAGE) and key_error.
int make_key(const keygen_request& asked);

}  // namespace mtcp::server
