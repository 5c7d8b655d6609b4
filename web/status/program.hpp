// The status endpoint as an option of a program: --status, and the subcommand that asks it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/types.hpp"
#include "program/options.hpp"
#include "status/status_server.hpp"

namespace mtcp::status {

inline constexpr std::uint16_t client_port = 8088;
inline constexpr std::uint16_t server_port = 8089;

struct setting {
  std::optional<core::target> where{};  ///< empty: no endpoint
  bool asked_for = false;               ///< not the default
  std::vector<std::string> hosts{};     ///< names of the endpoint, in lower case
};

/// For a program's synopsis.
program::option status_option(std::uint16_t default_port);
program::option status_host_option();
program::command health_command();
/// Throws program::settings_error.
setting status_setting(const program::values& given, std::uint16_t default_port);

/// Whether both lead to the same endpoint, be it by default or not.
bool same_endpoint(const setting& a, const setting& b);

/// Listens, and says where in the log; null if there is to be no endpoint. Throws program::settings_error if an address
/// that was asked for cannot be listened on; if it is the default address the program runs without an endpoint.
/// Whoever reaches an endpoint that is not on loopback can look, but not change anything.
std::unique_ptr<status_server> open_status(const executor& where, const setting& s, site_options what, site::look see);

/// The subcommand: asks the endpoint of a running program whether it is ready, prints its answer, and returns the exit
/// code, 0 or 1.
int run_health(const setting& s);

}  // namespace mtcp::status
