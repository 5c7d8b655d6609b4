#include "health.hpp"

#include <algorithm>
#include <utility>

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
  if (std::exchange(refuses_, now.refuses) != now.refuses && now.refuses)
    out.push_back({spdlog::level::warn, "no bridge is up: new requests are refused until one is"});
  bridges_ = up;
  wanted_ = wanted;
  tell_paths(now, out);
  tell_errors(now, out);
  return out;
}

std::chrono::milliseconds health::next_look() const noexcept {
  using namespace std::chrono_literals;
  if (!announced_) return 50ms;
  return bridges_ < wanted_ ? 1s : 5s;
}

void health::tell_paths(const tunnel_snapshot& now, std::vector<log_line>& out) {
  if (now.patterns.empty()) return;
  std::set<std::string> there;
  for (const path_snapshot& path : now.paths)
    if (path.bridges_wanted > 0) there.insert(path.name);
  for (const std::string& name : paths_)
    if (!there.contains(name)) out.push_back({spdlog::level::info, "path " + name + " is gone"});
  for (const std::string& name : there)
    if (!paths_.contains(name)) out.push_back({spdlog::level::info, "path " + name + " has come"});
  paths_ = std::move(there);
}

void health::tell_errors(const tunnel_snapshot& now, std::vector<log_line>& out) {
  std::map<std::string, std::string> errors;
  for (const path_snapshot& path : now.paths) {
    const std::string error = path.bridges_up < path.bridges_wanted ? path.last_error : "";
    if (error.empty()) continue;
    const auto told = errors_.find(path.name);
    if (told == errors_.end() || told->second != error)
      out.push_back({spdlog::level::warn, "path " + path.name + ": " + error});
    errors.emplace(path.name, error);
  }
  errors_ = std::move(errors);
}

}  // namespace mtcp::client
