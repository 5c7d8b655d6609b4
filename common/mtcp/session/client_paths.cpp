// Paths of a client that come and go while it runs, with interfaces that do (uplinks.hpp).
#include <algorithm>
#include <chrono>
#include <utility>

#include "mtcp/session/client_policy.hpp"

namespace mtcp {

backoff client_policy::pauses_of(std::size_t number) const {
  return {settings_.first_backoff, settings_.longest_backoff, settings_.seed + number + 1};
}

bool client_policy::is_in_use(std::size_t number) const {
  return paths_[number].dialling > 0 || !bridges_of(number).empty();
}

// Its own of before, a new one, or that of the path that has been gone for longest.
std::optional<std::size_t> client_policy::number_for(const std::string& name) const {
  std::optional<std::size_t> oldest;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const path& p = paths_[i];
    if (!p.gone()) continue;
    if (p.settings.name == name) return i;
    if (!is_in_use(i) && (!oldest || *p.gone_since < *paths_[*oldest].gone_since)) oldest = i;
  }
  return paths_.size() < max_paths ? paths_.size() : oldest;
}

// What the user has made of one of that name counts.
path_settings client_policy::as_changed(path_settings given) const {
  const auto changed = changed_paths_.find(given.name);
  if (changed == changed_paths_.end()) return given;
  given.use.role = changed->second.role;
  given.use.rate_limit = changed->second.rate_limit;
  return given;
}

std::optional<std::size_t> client_policy::add_path(const path_settings& given) {
  const path_settings added = as_changed(given);
  const auto number = number_for(added.name);
  if (!number) return number;
  if (*number == paths_.size()) {
    paths_.emplace_back(added, pauses_of(*number));
  } else if (path& again = paths_[*number]; again.settings.name == added.name) {
    again.begin(added, pauses_of(*number));
  } else {
    again = path(added, pauses_of(*number));
  }
  trace_event(trace::path_comes{added.name});
  if (stage_ == stage::running) maintain_soon();
  return number;
}

// What its connections had under way is given to others at once: nothing of it comes back.
void client_policy::retire_path(std::size_t number, core::timestamp now) {
  path& gone = paths_[number];
  if (gone.gone()) return;
  gone.end(now);
  trace_event(trace::path_goes{gone.settings.name});
  for (bridge* b : bridges_of(number)) b->close(errc::path_gone);
  abandon_dials(number);
  maintain_soon();
}

// What has been sent already went from an address that may not be ours any more, or waits for TCP's next try. A block
// that dials seemed to meet was the want of a network.
void client_policy::dial_anew(std::size_t number, core::timestamp now) {
  path& again = paths_[number];
  if (!again.in_use() || healthy_bridges(number, now) > 0) return;
  again.retry.reset();
  again.pace.forgive();
  for (const auto& [id, p] : dials_)
    if (p.path == number && !p.connected) actions_.push_back(abandon{id});
  maintain_soon();
}

void client_policy::abandon_dials(std::size_t number) {
  for (const auto& [id, p] : dials_)
    if (p.path == number) actions_.push_back(abandon{id});
}

// ---- changed by the user ----

bool client_policy::change_path(const std::string& name, core::path_role role, std::uint64_t rate_limit,
                                core::timestamp now) {
  const auto found = std::ranges::find_if(paths_, [&](const path& p) { return !p.gone() && p.settings.name == name; });
  if (found == paths_.end()) return false;
  const auto number = static_cast<std::size_t>(found - paths_.begin());
  changed_paths_[name] = {.role = role, .rate_limit = rate_limit};
  found->use_as(role, rate_limit, pauses_of(number));
  trace_event(trace::path_changed{name, role, rate_limit});
  if (!found->in_use()) {
    abandon_dials(number);
    found->unwanted_since = now;
  }
  use_bridges(number);
  if (stage_ == stage::running) maintain_soon();
  return true;
}

std::uint64_t client_policy::on_wire(const std::string& name, core::timestamp now) const {
  const auto found = std::ranges::find(paths_, name, [](const path& p) { return p.settings.name; });
  if (found == paths_.end()) return 0;
  std::uint64_t sum = found->on_wire;
  for (bridge* b : bridges_of(static_cast<std::size_t>(found - paths_.begin()))) sum += b->on_wire(now);
  return sum;
}

void client_policy::use_bridges(std::size_t number) {
  const path& p = paths_[number];
  for (bridge* b : bridges_of(number)) {
    core::engine& engine = session_->core.engine();
    const bool unwanted = b->set_rest(engine, bridge::rest::unwanted, !p.in_use());
    const bool used = p.in_use() && b->use_as(engine, p.settings.use.role);
    if (unwanted || used) session_->core.changed();
  }
}

// Nothing new goes out on them as long as there are others. What is under way arrives, but they are not waited for for
// ever: perhaps there are none.
void client_policy::let_go_unwanted(std::size_t number, core::timestamp now) {
  for (bridge* b : bridges_of(number)) {
    const bool late = now - paths_[number].unwanted_since >= longest_farewell;
    if (late || b->is_quiet(session_->core.engine(), now)) b->close(errc::not_needed);
  }
}

}  // namespace mtcp
