#include "status/monitor.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace mtcp::status {
namespace {

const char* describe(tunnel_snapshot::state s) {
  switch (s) {
    case tunnel_snapshot::state::up:
      return "tunnel up";
    case tunnel_snapshot::state::down:
      return "tunnel down: streams wait for a bridge";
    case tunnel_snapshot::state::stopped:
      return "tunnel stopped";
    case tunnel_snapshot::state::connecting:
      break;
  }
  return "connecting";
}

const char* describe_change(bridge_snapshot::state from, bridge_snapshot::state to) {
  using state = bridge_snapshot::state;
  if (to == state::disabled) return " disabled";
  if (to == state::suspect) return " makes no progress";
  return from == state::disabled ? " enabled" : " makes progress again";
}

/// Why a bridge of this path was lost, as far as that is known. A path that is not there any more took it along.
std::string loss_on(const acceptor_snapshot& all, const std::string& session, const std::string& path) {
  for (const tunnel_snapshot& t : all.tunnels) {
    if (t.session != session || path.empty()) continue;
    const auto found = std::ranges::find(t.paths, path, &path_snapshot::name);
    return found == t.paths.end() || found->bridges_wanted == 0 ? "its path is gone" : found->last_error;
  }
  return {};
}

bool has_path(const tunnel_snapshot& t, const std::string& name) {
  return std::ranges::find(t.paths, name, &path_snapshot::name) != t.paths.end();
}

}  // namespace

void monitor::sample(acceptor_snapshot now, clock::time_point at, double unix_time) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(at - start_).count();
  const auto tick = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed, 0));
  if (tick <= tick_) return;
  first_ = std::max(tick_ + 1, tick - std::min<std::uint64_t>(tick, rate_history::seconds_kept));
  tick_ = tick;
  at_ = at;
  unix_time_ = unix_time;
  seconds_ = std::chrono::duration<double>(at - before_).count();
  before_ = at;
  const acceptor_snapshot before = std::exchange(last_, std::move(now));
  past_.add(sampler_.between(before, last_), unix_time_, seconds_);
  if (!before.tunnels.empty() && !last_.tunnels.empty()) tell_paths(before.tunnels.front(), last_.tunnels.front());
  find_lost_bridges();
  for (const tunnel_snapshot& t : before.tunnels)
    if (std::none_of(last_.tunnels.begin(), last_.tunnels.end(),
                     [&](const auto& l) { return l.session == t.session; })) {
      ended_.bytes_up += t.bytes_up;
      ended_.bytes_down += t.bytes_down;
      ended_.streams_total += t.totals.streams_total;
      ended_.retransmitted_bytes += t.totals.retransmitted_bytes;
      ended_.hedged_frames += t.totals.hedged_frames;
      ended_.hedged_bytes += t.totals.hedged_bytes;
    }
  for (const tunnel_snapshot& t : last_.tunnels) sample_tunnel(t);
  advance(direct_, last_.direct.bytes_up, last_.direct.bytes_down);
  for (const stream_snapshot& s : last_.direct.open)
    advance(streams_[{direct_session, s.id}], s.bytes_up, s.bytes_down);
  find_ended_sessions();
  std::erase_if(streams_, [this](const auto& s) { return s.second.seen != tick_; });
}

bool monitor::quiet() const {
  const auto rests = [](const progress& p) { return p.now.up == 0 && p.now.down == 0; };
  return rests(direct_) && std::ranges::all_of(tunnels_, [&rests](const auto& t) { return rests(t.second); });
}

rates monitor::rates_since(std::uint64_t up, std::uint64_t down) const {
  return {static_cast<float>(static_cast<double>(up) / seconds_),
          static_cast<float>(static_cast<double>(down) / seconds_)};
}

void monitor::advance(progress& p, std::uint64_t up, std::uint64_t down) const {
  p.now = rates_since(up - std::min(p.up, up), down - std::min(p.down, down));
  p.up = up;
  p.down = down;
  p.seen = tick_;
}

void monitor::sample_tunnel(const tunnel_snapshot& t) {
  advance(tunnels_[t.session], t.bytes_up, t.bytes_down);
  for (const stream_snapshot& s : t.streams) advance(streams_[{t.session, s.id}], s.bytes_up, s.bytes_down);
  for (const bridge_snapshot& b : t.bridges) sample_bridge(t, b);
  tell_states(t);
}

void monitor::sample_bridge(const tunnel_snapshot& t, const bridge_snapshot& b) {
  const auto [found, is_new] = bridges_.try_emplace({t.session, b.id});
  bridge_record& r = found->second;
  using state = bridge_snapshot::state;
  if (is_new) {
    r.changed = at_ - std::chrono::duration_cast<clock::duration>(b.age);
    if (bridges_.size() <= keep_.charted_bridges + keep_.lost_bridges) r.history.emplace();
    tell(happening::level::good, label(t, b) + " up");
  } else if (b.now != r.last.now) {
    const auto how = b.now == state::up        ? happening::level::good
                     : b.now == state::suspect ? happening::level::bad
                                               : happening::level::info;
    tell(how, label(t, b) + describe_change(r.last.now, b.now));
    r.changed = at_;
  }
  r.now = rates_since(b.bytes_up - std::min(r.last.bytes_up, b.bytes_up),
                      b.bytes_down - std::min(r.last.bytes_down, b.bytes_down));
  r.last = b;
  if (!r.history) return;
  for (std::uint64_t tick = first_; tick <= tick_; ++tick) r.history->add(tick, r.now);
}

void monitor::find_lost_bridges() {
  std::set<name> alive;
  for (const tunnel_snapshot& t : last_.tunnels)
    for (const bridge_snapshot& b : t.bridges) alive.insert({t.session, b.id});
  std::size_t lost = 0;
  for (auto& [which, r] : bridges_) {
    if (!r.down && !alive.contains(which)) {
      r.down = true;
      r.now = {};
      r.changed = at_;
      r.error = loss_on(last_, which.session, r.last.path_name);
      const std::string id = "bridge " + std::to_string(which.id);
      tell(happening::level::bad, id + " lost" + (r.error.empty() ? "" : ": " + r.error));
    }
    lost += r.down;
  }
  for (; lost > keep_.lost_bridges; --lost) forget_oldest_lost();
}

// Of one tunnel; where there are several, others may have come to be used.
void monitor::tell_paths(const tunnel_snapshot& before, const tunnel_snapshot& now) {
  if (now.patterns.empty() || before.session != now.session) return;
  for (const path_snapshot& p : before.paths)
    if (!has_path(now, p.name)) tell(happening::level::info, "path " + p.name + " is gone");
  for (const path_snapshot& p : now.paths)
    if (!has_path(before, p.name)) tell(happening::level::info, "path " + p.name + " has come");
}

// What it carried still counts, but no longer under its own name.
void monitor::forget_oldest_lost() {
  auto oldest = bridges_.end();
  for (auto i = bridges_.begin(); i != bridges_.end(); ++i)
    if (i->second.down && (oldest == bridges_.end() || i->second.changed < oldest->second.changed)) oldest = i;
  if (oldest->second.history) forgotten_.merge(*oldest->second.history, tick_);
  bridges_.erase(oldest);
}

void monitor::find_ended_sessions() {
  std::erase_if(tunnels_, [this](const auto& t) { return t.second.seen != tick_; });
  std::erase_if(states_, [this](const auto& s) {
    const bool gone = !tunnels_.contains(s.first);
    if (gone && !s.first.empty()) tell(happening::level::info, "session " + s.first + " ended");
    return gone;
  });
}

void monitor::tell_states(const tunnel_snapshot& t) {
  const auto known = states_.find(t.session);
  if (known != states_.end() && known->second == t.now) return;
  states_[t.session] = t.now;
  const bool good = t.now == tunnel_snapshot::state::up;
  const bool bad = t.now == tunnel_snapshot::state::down;
  tell(good  ? happening::level::good
       : bad ? happening::level::bad
             : happening::level::info,
       (t.user.empty() ? "" : t.user + ": ") + describe(t.now));
}

std::string monitor::label(const tunnel_snapshot& t, const bridge_snapshot& b) const {
  const std::string& over = b.path_name.empty() ? b.remote : b.path_name;
  return (t.user.empty() ? "" : t.user + ": ") + "bridge " + std::to_string(b.id) + " over " + over;
}

void monitor::tell(happening::level how, std::string text) {
  happenings_.push_back({++happened_, unix_time_, how, std::move(text)});
  if (happenings_.size() > keep_.happenings) happenings_.pop_front();
}

rates monitor::stream_rates(const name& which) const {
  const auto found = streams_.find(which);
  return found == streams_.end() ? rates{} : found->second.now;
}

rates monitor::tunnel_rates(const std::string& session) const {
  const auto found = tunnels_.find(session);
  return found == tunnels_.end() ? rates{} : found->second.now;
}

}  // namespace mtcp::status
