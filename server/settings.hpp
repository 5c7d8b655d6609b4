// What mtcp-server is told by its command line, environment and file.
#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "listen_rules.hpp"
#include "mtcp/net/dial/rules.hpp"
#include "mtcp/options.hpp"
#include "mtcp/types.hpp"
#include "program/host_ports.hpp"
#include "program/options.hpp"
#include "program/sandbox.hpp"
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

/// What `mtcp-server keygen` is told.
struct keygen_request {
  std::string output;  ///< the file to make; empty for standard output
  std::string append;  ///< the file to add to
  std::string user;    ///< whose key it will be; may be empty
};

struct settings {
  enum class action { serve, keygen, url, health, top, reload, check };
  action what = action::serve;
  std::string key_file;
  std::vector<program::host_ports> listen;  ///< at least one
  std::vector<network> trusted_proxies;
  unsigned threads = 1;
  std::chrono::seconds keep_alive{60};                                ///< of connections to destinations; 0: none
  std::chrono::milliseconds resume_timeout = default_resume_timeout;  ///< so long sessions outlive their last bridge
  core::hedging hedge = core::hedging::learnt;
  std::vector<network> allow;
  std::vector<network> deny;
  std::vector<ip_address> own_addresses;  ///< besides those that the machine knows of
  rules destinations;                     ///< of these three
  std::vector<listen_rule> allow_listen;  ///< where clients may have this server listen
  bool local_names = false;               ///< the hosts file and the search list are for clients' names too
  bool tests = true;                      ///< clients may test the line to this server
  std::optional<core::target> fallback;   ///< what who is no client gets to see
  std::string audit_log;                  ///< a file; empty for none
  std::string state_dir;                  ///< for what outlives the program; empty: nothing does
  std::string on_event;                   ///< the command that is told what happens; empty for none
  std::vector<std::uint16_t> denied_ports{25};
  std::uint64_t memory = 0;  ///< bytes that the process may use; 0: as the system says
  status::setting status;
  program::sandbox_setting sandbox;
  unsigned min_protocol = 1;
  keygen_request keygen;
  url_request url;
  bool once = false;  ///< top prints one picture
  spdlog::level::level_enum log_level = spdlog::level::info;
};

/// The files that these settings name, and what is done to them while the program runs.
std::vector<platform::file_grant> files_of(const settings& s);
/// What --run-as leaves a program of its privileges, if keys have the server listen there (listen_rules_of).
program::capabilities capabilities_of(const settings& s, const std::vector<listen_rule>& of_keys);

/// Pure but for reading the file that --config names. Throws program::settings_error and program::information.
settings read_settings(std::vector<std::string> arguments, const program::environment& variables);

}  // namespace mtcp::server
