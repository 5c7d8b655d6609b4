// What mtcp-server is told by its command line, environment and file.
#pragma once

#include <spdlog/common.h>

#include <string>
#include <vector>

#include "mtcp/core/types.hpp"
#include "mtcp/net/rules.hpp"
#include "program/options.hpp"
#include "status/program.hpp"

namespace mtcp::server {

struct settings {
  enum class action { serve, keygen, health, top };
  action what = action::serve;
  std::string key_file;
  std::vector<core::target> listen;  ///< at least one
  rules destinations;
  status::setting status;
  bool once = false;  ///< top prints one picture
  spdlog::level::level_enum log_level = spdlog::level::info;
};

/// Pure but for reading the file that --config names. Throws program::settings_error and program::information.
settings read_settings(std::vector<std::string> arguments, const program::environment& variables);

}  // namespace mtcp::server
