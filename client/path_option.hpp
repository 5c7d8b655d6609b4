// The value of --path: "server=HOST:PORT,bind=ADDRESS,interface=IF,bridges=N,role=active|backup|overflow|never,
// direction=both|up|down,rate=50mbit,quota=20GB/month,quota-then=never|backup,congestion=bbr,
// sni=www.example.org,mss=1200,rotate=64MB,pace=1400ms,proxy=socks5://[USER@]HOST:PORT,proxy-password-file=FILE,name=NAME".
// Only `server` is needed.
#pragma once

#include <string>

#include "mtcp/options.hpp"
#include "program/host_ports.hpp"
#include "quota.hpp"

namespace mtcp::client {

inline constexpr unsigned default_bridges = 4;

/// A path as it is given: the password of its proxy is in a file until that is read, and the tunnel knows of a quota
/// only that it is metered.
struct path_setting : path_options {
  std::string proxy_password_file{};
  path_quota granted{};
};

/// These throw std::invalid_argument, saying what they expected.
path_setting parse_path(const std::string& text);
/// What parse_path() makes sure of: a proxy with a user has a password, one without has none, and the server is none of
/// which only this machine knows the link.
void check_proxy(const path_setting& path);
void set_server(path_options& path, const program::host_ports& server);
/// How many bridges a path begins with, and whether the number tunes itself.
struct bridge_count {
  unsigned start = default_bridges;
  bool tuned = true;
  void apply_to(path_options& path) const;
};
/// "auto" or a number.
bridge_count parse_bridges(const std::string& text);
/// "auto", "off", a size or a time.
rotation_options parse_rotation(const std::string& text);
core::path_role parse_role(const std::string& text);
/// "auto" or a time between two dials.
std::chrono::milliseconds parse_pace(const std::string& text);
/// In words, for people: "example.org:8443, 4 bridges, backup".
std::string describe(const path_options& path);
std::string describe(const path_setting& path);
/// Where to dial from; one of the two is empty.
struct local_end {
  std::string address;
  std::string interface;
};
local_end parse_bind(const std::string& text);

}  // namespace mtcp::client
