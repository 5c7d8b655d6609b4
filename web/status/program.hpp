// The status endpoint as an option of a program: --status, and the subcommand that asks it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mtcp/types.hpp"
#include "program/options.hpp"
#include "status/ask.hpp"
#include "status/status_server.hpp"

namespace mtcp::status {

inline constexpr std::uint16_t client_port = 8088;
inline constexpr std::uint16_t server_port = 8089;

struct setting {
  std::vector<core::target> where{};  ///< empty: no endpoint
  bool asked_for = false;             ///< not the default
  std::vector<std::string> hosts{};   ///< names of the endpoint, in lower case
  std::string control{};              ///< a Unix socket; empty: none
  bool control_asked_for = false;     ///< not the default
};

/// For a program's synopsis.
program::option status_option(std::uint16_t default_port);
program::option status_host_option();
program::option control_option();
program::command health_command();
program::command reload_command();
/// The control socket is in $RUNTIME_DIRECTORY, as systemd says it (systemd.exec(5)), unless it was given. For a
/// command that asks (`asks`), it is that of the service under systemd, /run/PROGRAM/control, if there is one and
/// --status was not given. Throws program::settings_error.
setting status_setting(const program::values& given, std::uint16_t default_port, const std::string& program,
                       const program::environment& variables, bool asks);

/// Whether both lead to the same endpoint, be it by default or not.
bool same_endpoint(const setting& a, const setting& b);

/// Listens, and says where in the log; null if there is to be no endpoint. Throws program::settings_error if an address
/// that was asked for cannot be listened on; if it is the default address the program runs without an endpoint.
/// Whoever reaches an endpoint that is not on loopback can look, but not change anything.
std::unique_ptr<status_server> open_status(const executor& where, const setting& s, site_options what, site::look see);

/// The subcommand: asks the endpoint of a running program whether it is ready, prints its answer, and returns the exit
/// code, 0 or 1.
int run_health(const setting& s);
/// The subcommand: has a running program read its settings again, by its control socket. Prints what came of it, and
/// returns 0, or 1 if nothing has changed. Throws program::settings_error if there is no such socket to ask.
int run_reload(const setting& s);
/// Where subcommands ask, and its name for messages. Throws boost::system::system_error if a name cannot be looked up.
endpoint_to_ask place_to_ask(const setting& s);
std::string name_of_place(const setting& s);

}  // namespace mtcp::status
