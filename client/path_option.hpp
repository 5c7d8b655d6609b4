// The value of --path: "server=HOST:PORT,bind=ADDRESS,interface=IF,bridges=N,role=active|backup,direction=both|up|down,
// rate=50mbit,congestion=bbr,rotate=64MB,pace=1400ms,name=NAME". Only `server` is needed.
#pragma once

#include <string>

#include "mtcp/options.hpp"
#include "program/host_ports.hpp"

namespace mtcp::client {

inline constexpr unsigned default_bridges = 4;

/// These throw std::invalid_argument, saying what they expected.
path_options parse_path(const std::string& text);
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
/// "auto" or a time between two dials.
std::chrono::milliseconds parse_pace(const std::string& text);
/// In words, for people: "example.org:8443, 4 bridges, backup".
std::string describe(const path_options& path);
/// Where to dial from; one of the two is empty.
struct local_end {
  std::string address;
  std::string interface;
};
local_end parse_bind(const std::string& text);

}  // namespace mtcp::client
