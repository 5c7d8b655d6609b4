// What mtcp-server is told by its command line, environment and file.
#pragma once

#include <spdlog/common.h>

#include <string>
#include <vector>

#include "mtcp/net/dial/rules.hpp"
#include "mtcp/types.hpp"
#include "program/host_ports.hpp"
#include "program/options.hpp"
#include "status/program.hpp"

namespace mtcp::server {

/// What `mtcp-server url` is told.
struct url_request {
  std::vector<program::host_ports> hosts;  ///< at least one
  std::string user;                        ///< whose key: name or id; may be empty if there is one key only
  std::string bridges;
  std::string name;
  bool qr = false;  ///< a QR code even if standard output is no terminal
};

struct settings {
  enum class action { serve, keygen, url, health, top, check };
  action what = action::serve;
  std::string key_file;
  std::vector<program::host_ports> listen;  ///< at least one
  std::vector<network> trusted_proxies;
  unsigned threads = 1;
  std::vector<network> allow;
  std::vector<network> deny;
  std::vector<ip_address> own_addresses;  ///< besides those that the machine knows of
  rules destinations;                     ///< of these three
  status::setting status;
  std::string output;  ///< keygen: the file to write
  url_request url;
  bool once = false;  ///< top prints one picture
  spdlog::level::level_enum log_level = spdlog::level::info;
};

/// Pure but for reading the file that --config names. Throws program::settings_error and program::information.
settings read_settings(std::vector<std::string> arguments, const program::environment& variables);

}  // namespace mtcp::server
