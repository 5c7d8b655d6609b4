#include "mtcp/session/uplinks.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/core/base/earlier.hpp"

namespace mtcp {

bool is_interface_pattern(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

// When something does not fit behind a *, that one takes a character more: earlier ones need not be tried again.
bool fits_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, taken = 0;  // the last *, and what it ends in front of
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

uplinks::uplinks(std::vector<wish> patterns, std::vector<wish> named)
    : patterns_(std::move(patterns)), named_(std::move(named)) {}

void uplinks::note_arrivals(const std::vector<interface_state>& fresh) {
  for (const interface_state& one : fresh) {
    const interface_state* before = find(one.name);
    const bool was = before != nullptr && before->index == one.index && before->is_uplink;
    if (one.is_uplink && !was) arrived_.push_back(one.name);
  }
}

void uplinks::see(std::vector<interface_state> present, core::timestamp now) {
  if (std::exchange(seen_any_, true)) note_arrivals(present);
  present_ = std::move(present);
  may_miss_one_ = true;
  for (path& p : paths_) {
    const interface_state* is = find(p.interface);
    if (is == nullptr || is->index != p.index) {
      p.goes_at = now;
    } else if (is->is_uplink) {
      p.goes_at.reset();
    } else if (!p.goes_at) {
      p.goes_at = now + hold;
    }
  }
}

// What goes makes room, so it comes first.
std::optional<uplinks::change> uplinks::next_change(core::timestamp now) {
  const auto over = std::ranges::find_if(paths_, [now](const path& p) { return p.goes_at && *p.goes_at <= now; });
  if (over != paths_.end()) {
    change gone{.comes = false, .pattern = over->pattern, .interface = over->interface};
    paths_.erase(over);
    may_miss_one_ = true;
    return gone;
  }
  if (!may_miss_one_ || paths_.size() >= max_paths) return std::nullopt;
  std::optional<change> fresh = missing();
  may_miss_one_ = fresh.has_value();
  if (fresh) paths_.push_back({fresh->pattern, fresh->interface, find(fresh->interface)->index});
  return fresh;
}

std::optional<core::timestamp> uplinks::next_deadline() const {
  std::optional<core::timestamp> next;
  for (const path& p : paths_) core::keep_earlier(next, p.goes_at);
  return next;
}

std::size_t uplinks::count(std::size_t pattern) const {
  return static_cast<std::size_t>(std::ranges::count(paths_, pattern, &path::pattern));
}

bool uplinks::full() const { return paths_.size() >= max_paths && missing().has_value(); }

std::optional<uplinks::change> uplinks::missing() const {
  for (std::size_t i = 0; i < patterns_.size(); ++i)
    for (const interface_state& one : present_)
      if (one.is_uplink && wants(i, one.name) && !has(i, one.name))
        return change{.comes = true, .pattern = i, .interface = one.name};
  return std::nullopt;
}

// An earlier pattern of the same destination has it, or a path that names it.
bool uplinks::wants(std::size_t pattern, const std::string& interface) const {
  const wish& w = patterns_[pattern];
  if (!fits_pattern(w.interface, interface)) return false;
  const auto takes = [&](const wish& other) {
    return other.destination == w.destination && fits_pattern(other.interface, interface);
  };
  const auto earlier = patterns_.begin() + static_cast<std::ptrdiff_t>(pattern);
  return std::none_of(patterns_.begin(), earlier, takes) && std::ranges::none_of(named_, takes);
}

bool uplinks::has(std::size_t pattern, const std::string& interface) const {
  return std::ranges::any_of(paths_, [&](const path& p) { return p.pattern == pattern && p.interface == interface; });
}

const interface_state* uplinks::find(const std::string& name) const {
  const auto found = std::ranges::find(present_, name, &interface_state::name);
  return found == present_.end() ? nullptr : &*found;
}

}  // namespace mtcp
