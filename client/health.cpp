#include "health.hpp"

#include <algorithm>

namespace mtcp::client {
namespace {

using clock = std::chrono::steady_clock;
using state = tunnel_snapshot::state;

std::size_t wanted_bridges(const tunnel_snapshot& s) {
  std::size_t sum = 0;
  for (const path_snapshot& path : s.paths) sum += path.bridges_wanted;
  return sum;
}

std::string counted(std::size_t up, std::size_t wanted) {
  const std::string of = up == wanted ? "" : " of " + std::to_string(wanted);
  return std::to_string(up) + of + (wanted == 1 ? " bridge" : " bridges");
}

}  // namespace

std::vector<log_line> health::changes(const tunnel_snapshot& now, clock::time_point at) {
  std::vector<log_line> out;
  const std::size_t up = now.bridges.size(), wanted = wanted_bridges(now);
  if (now.now != state::up) {
    if (announced_ && now.now != state::stopped)
      out.push_back({spdlog::level::warn, "tunnel down, streams wait for it"});
    announced_ = false;
    first_up_ = clock::time_point::max();
  } else if (!announced_ || now.session != session_) {
    first_up_ = std::min(first_up_, at);
    announced_ = up >= wanted || at - first_up_ >= std::chrono::seconds(1) || announced_;
    if (announced_) out.push_back({spdlog::level::info, "tunnel up, " + counted(up, wanted)});
    if (announced_) session_ = now.session;
  } else if (up != bridges_) {
    out.push_back({up < wanted ? spdlog::level::warn : spdlog::level::info, counted(up, wanted) + " up"});
  }
  bridges_ = up;
  tell_errors(now, out);
  return out;
}

void health::tell_errors(const tunnel_snapshot& now, std::vector<log_line>& out) {
  errors_.resize(now.paths.size());
  for (std::size_t i = 0; i < now.paths.size(); ++i) {
    const path_snapshot& path = now.paths[i];
    const std::string error = path.bridges_up < path.bridges_wanted ? path.last_error : "";
    if (!error.empty() && error != errors_[i]) out.push_back({spdlog::level::warn, "path " + path.name + ": " + error});
    errors_[i] = error;
  }
}

}  // namespace mtcp::client
