// What mtcp-client is told by its command line, environment and file.
#pragma once

#include <spdlog/common.h>

#include <optional>
#include <string>
#include <vector>

#include "mtcp/options.hpp"
#include "mtcp/types.hpp"
#include "program/options.hpp"
#include "program/share_url.hpp"
#include "status/program.hpp"

namespace mtcp::client {

/// A local port that leads to one destination.
struct forward {
  core::target listen;
  core::target to;
  friend bool operator==(const forward&, const forward&) = default;
};

struct settings {
  enum class action { serve, health, top, check };
  action what = action::serve;
  std::string key_file;
  std::string url_file;               ///< instead of a key file and paths; see take_url()
  path_options url_path;              ///< what every path of the URL has besides its server
  bool bridges_given = false;         ///< url_path.bridges comes before what the URL says
  std::vector<path_options> paths;    ///< at least one, or empty until take_url()
  std::optional<core::target> socks;  ///< empty: no SOCKS listener
  bool socks_open = false;            ///< the SOCKS listener may be reached from other machines without a password
  std::string users_file;             ///< who may use the SOCKS listener; empty: everybody
  std::string udp_advertise;          ///< an address; empty: the one that an application has reached
  bool fast_open = false;
  std::vector<forward> forwards;
  status::setting status;
  bool once = false;  ///< top prints one picture
  spdlog::level::level_enum log_level = spdlog::level::info;
};

/// Throws program::settings_error if a proxy at `socks` would be open to everybody although that was not asked for.
void require_guard(const settings& s, const std::optional<core::target>& socks);

/// What url_file said: sets the paths. Throws key_error if it holds a bad number of bridges.
void take_url(settings& s, const program::share_url& url);

/// Pure but for reading the file that --config names. Throws program::settings_error and program::information.
settings read_settings(std::vector<std::string> arguments, const program::environment& variables);

}  // namespace mtcp::client
