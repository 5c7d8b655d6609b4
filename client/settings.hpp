// What mtcp-client is told by its command line, environment and file.
#pragma once

#include <spdlog/common.h>

#include <optional>
#include <string>
#include <vector>

#include "mtcp/core/types.hpp"
#include "mtcp/net/options.hpp"
#include "program/options.hpp"
#include "status/program.hpp"

namespace mtcp::client {

/// A local port that leads to one destination.
struct forward {
  core::target listen;
  core::target to;
};

struct settings {
  enum class action { serve, health, top };
  action what = action::serve;
  std::string key_file;
  std::vector<path_options> paths;    ///< at least one
  std::optional<core::target> socks;  ///< empty: no SOCKS listener
  bool socks_open = false;            ///< the SOCKS listener may be reached from other machines
  std::vector<forward> forwards;
  status::setting status;
  bool once = false;  ///< top prints one picture
  spdlog::level::level_enum log_level = spdlog::level::info;
};

/// Pure but for reading the file that --config names. Throws program::settings_error and program::information.
settings read_settings(std::vector<std::string> arguments, const program::environment& variables);

}  // namespace mtcp::client
