// The key of a client, and what its settings come to.
#pragma once

#include <optional>

#include "mtcp/key.hpp"
#include "program/share_url.hpp"
#include "settings.hpp"

namespace mtcp::client {

/// Where the key comes from, now and when the settings are read again.
class key_source {
 public:
  /// Reads --key-file; or --url-file, which sets the paths as well: standard input only once. Throws key_error.
  key load(settings& s);

 private:
  const program::share_url& url_of(const settings& s);

  std::optional<program::share_url> url_;
};

/// The subcommand `check`: prints what the client would do, and returns the exit code, 0.
int print_settings(const settings& s, const key& secret);

}  // namespace mtcp::client
