// What a log says about a tunnel: only what changed.
#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mtcp/snapshot.hpp"

namespace mtcp::client {

struct log_line {
  spdlog::level::level_enum level;
  std::string text;
};

/// Looks at one snapshot after the other.
class health {
 public:
  /// What is new since the last call. Bridges come up one after the other, so a tunnel is called up when all have, or
  /// a second after the first.
  std::vector<log_line> changes(const tunnel_snapshot& now, std::chrono::steady_clock::time_point at);
  /// When to look again: soon while the tunnel comes up, rarely once nothing is missing.
  std::chrono::milliseconds next_look() const noexcept;

 private:
  void tell_errors(const tunnel_snapshot& now, std::vector<log_line>& out);
  void tell_paths(const tunnel_snapshot& now, std::vector<log_line>& out);

  std::string session_;
  bool announced_ = false;
  bool refuses_ = false;
  std::size_t bridges_ = 0, wanted_ = 0;
  std::chrono::steady_clock::time_point first_up_ = std::chrono::steady_clock::time_point::max();
  std::map<std::string, std::string> errors_;  // by path, as last told
  std::set<std::string> paths_;                // of patterns, and others beside them
};

}  // namespace mtcp::client
