// What `top` shows, read from a /api/stats document. Names are as received, and may hold anything until text.hpp has
// cleaned them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mtcp::top {

struct bridge_line {
  std::uint64_t id = 0;  ///< 0: none was up yet
  std::string path{}, state{}, last_error{};
  double rate_up = 0, rate_down = 0, rtt_ms = 0, in_flight = 0;
};

struct path_line {
  std::string name{}, role{}, direction{}, congestion{};
  double rate_limit = 0;
  std::string last_replacement{};
  double fades_after = 0, lives = 0, freezes_up = 0, freezes_down = 0, dials_held = 0;  ///< bytes and seconds; 0: none
};

struct stream_line {
  std::string target{}, user{};
  double rate_up = 0, rate_down = 0, bytes_up = 0, bytes_down = 0, age = 0;
};

/// One tunnel of the program.
struct tunnel_part {
  std::string user, session;           ///< user is empty at a client
  std::vector<path_line> paths{};      ///< none at a server
  std::vector<bridge_line> bridges{};  ///< by path

  const path_line* path_of(const bridge_line& bridge) const;
};

struct view {
  std::string role, version;
  double uptime = 0;
  double rate_up = 0, rate_down = 0, bytes_up = 0, bytes_down = 0;
  double reorder = 0, retransmitted_bytes = 0;
  std::uint64_t streams_active = 0;
  std::vector<tunnel_part> tunnels;
  std::vector<stream_line> streams;  ///< the busiest first
};

/// Nothing if it is no such document. Fields that are missing or of another type are 0 or empty.
std::optional<view> parse_view(std::string_view document);

}  // namespace mtcp::top
