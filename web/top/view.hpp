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
  std::string path{}, state{}, last_error{}, why{};
  double rate_up = 0, rate_down = 0, rtt_ms = 0, in_flight = 0;
};

struct path_line {
  std::string name{}, role{}, direction{}, congestion{}, proxy{}, why{};
  double rate_limit = 0;
  std::string last_replacement{};
  // What it was found to do. Bytes and seconds, 0 for none.
  double fades_after = 0, lives = 0, freezes_up = 0, freezes_down = 0, dial_pause = 0, dials_held = 0;
  bool only_small_packets = false;
  // What it may carry in a period, and has. Bytes, 0 for no quota.
  double quota = 0, quota_used = 0;
  std::string quota_period{};
  bool quota_is_used_up = false;
};

struct stream_line {
  std::string target{}, user{};
  double rate_up = 0, rate_down = 0, bytes_up = 0, bytes_down = 0, age = 0;
};

/// One tunnel of the program.
struct tunnel_part {
  std::string user, session;           ///< user is empty at a client
  double month = 0, max_month = 0;     ///< bytes of this month, of the user's key; a maximum of 0: there is none
  std::vector<path_line> paths{};      ///< none at a server
  std::vector<bridge_line> bridges{};  ///< by path
  std::vector<std::string> vacant{};   ///< patterns of interfaces that no interface fits

  const path_line* path_of(const bridge_line& bridge) const;
};

struct view {
  std::string role, version;
  double uptime = 0;
  double rate_up = 0, rate_down = 0, bytes_up = 0, bytes_down = 0;
  double reorder = 0, retransmitted_bytes = 0;
  std::uint64_t streams_active = 0;
  bool quota_used_up = false;  ///< client: the server says so of the key
  std::vector<tunnel_part> tunnels;
  std::vector<stream_line> streams;  ///< the busiest first
};

/// Nothing if it is no such document. Fields that are missing or of another type are 0 or empty.
std::optional<view> parse_view(std::string_view document);

}  // namespace mtcp::top
