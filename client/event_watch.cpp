#include "event_watch.hpp"

#include <utility>

namespace mtcp::client {
namespace {

using program::event;
using variables = std::vector<std::pair<std::string, std::string>>;

event made(const char* name, std::string about, const std::string& server, variables more = {}) {
  event out{name, std::move(about), {{"MTCP_ROLE", "client"}, {"MTCP_SERVER", server}}};
  out.variables.insert(out.variables.end(), more.begin(), more.end());
  return out;
}

event of_path(const char* name, const path_snapshot& path, const std::string& server) {
  const bool quota = name == std::string("quota-used-up");
  variables more{{"MTCP_PATH", path.name}, {"MTCP_BRIDGES", std::to_string(path.bridges_up)}};
  if (!path.last_error.empty() && path.bridges_up == 0) more.emplace_back("MTCP_ERROR", path.last_error);
  return made(name, server + (quota ? ", quota of " : ", path ") + path.name, server, std::move(more));
}

}  // namespace

std::vector<event> event_watch::changes(const tunnel_snapshot& now, const std::string& server) {
  std::vector<event> out;
  std::map<std::string, standing> before = std::exchange(paths_, {});
  for (const path_snapshot& path : now.paths) {
    const standing was = before[path.name];
    const standing is{path.bridges_up > 0, path.quota && path.quota->used_up};
    before.erase(path.name);
    paths_.emplace(path.name, is);
    if (is.up != was.up) out.push_back(of_path(is.up ? "path-up" : "path-down", path, server));
    if (is.used_up && !was.used_up) out.push_back(of_path("quota-used-up", path, server));
  }
  for (const auto& [name, was] : before)  // that are not there any more
    if (was.up) out.push_back(of_path("path-down", {.name = name}, server));
  const bool up = now.now == tunnel_snapshot::state::up;
  if (std::exchange(up_, up) != up) out.push_back(made(up ? "tunnel-up" : "tunnel-down", server + ", tunnel", server));
  if (!std::exchange(used_up_, now.quota_used_up) && now.quota_used_up)
    out.push_back(made("quota-used-up", server + ", quota of the key", server));
  return out;
}

}  // namespace mtcp::client
