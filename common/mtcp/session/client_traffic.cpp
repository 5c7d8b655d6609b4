// What the client's policy makes of the traffic that it sees: more or fewer bridges, and fresh ones for those that the
// network treats worse with time.
#include <algorithm>
#include <chrono>
#include <vector>

#include "mtcp/session/client_policy.hpp"

namespace mtcp {

std::uint64_t client_policy::stream_bytes() const {
  const core::tunnel_stats totals = session_->core.engine().stats();
  return totals.payload_sent + totals.payload_received;
}

// Traffic has begun since the last look at it saw none.
bool client_policy::stir_looks(core::timestamp now) {
  if (!session_ || !(looks_.for_tuner.idle() || looks_.for_rotation.idle())) return false;
  const std::uint64_t carried = stream_bytes();
  bool due = false;
  for (traffic_look* look : {&looks_.for_tuner, &looks_.for_rotation}) {
    if (!look->idle()) continue;
    look->stir(carried);
    due = due || look->due(now);
  }
  return due;
}

// Bridges whose time is limited want successors also while nothing is carried.
core::duration client_policy::idle_interval() const {
  const auto acts = [](const path& p) { return p.watch && p.watch->acts_when_idle(); };
  return std::chrono::seconds(std::ranges::any_of(paths_, acts) ? 1 : 5);
}

// One path at a time: whether a trial helps is seen in what the whole tunnel carries.
void client_policy::tune(core::timestamp now) {
  const auto tuned = [](const path& p) { return p.tuner.has_value(); };
  if (!session_ || std::ranges::none_of(paths_, tuned) || !looks_.for_tuner.due(now)) return;
  const std::uint64_t carried = stream_bytes();
  looks_.for_tuner.look(now, carried, idle_interval());
  if (!paths_[looks_.tuned_path].tuner || paths_[looks_.tuned_path].tuner->settled()) {
    do looks_.tuned_path = (looks_.tuned_path + 1) % paths_.size();
    while (!paths_[looks_.tuned_path].tuner);
  }
  path& tuned_now = paths_[looks_.tuned_path];
  const bool disturbed = tuned_now.watch && tuned_now.watch->doubting();
  if (disturbed || being_renewed(looks_.tuned_path) != nullptr) return tuned_now.tuner->disturb();
  tuned_now.tuner->amid_replacements(tuned_now.watch && tuned_now.watch->foresees());
  tuned_now.tuner->sample(now, carried, healthy_bridges(looks_.tuned_path, now), round_trip(looks_.tuned_path));
}

// The shortest that any of its bridges has seen; 0 while none has.
core::duration client_policy::round_trip(std::size_t index) const {
  core::duration least = core::duration::max();
  for (const bridge* b : bridges_of(index)) {
    const auto stats = session_->core.engine().stats_of(b->id());
    if (stats && stats->rtt_min > core::duration(0)) least = std::min(least, stats->rtt_min);
  }
  return least == core::duration::max() ? core::duration(0) : least;
}

bool client_policy::outgoing(const bridge& b) const {
  const auto& watch = paths_[b.path()].watch;
  return b.aged() || b.worn() != bridge::wear::none || (watch && watch->outgoing(b.id()));
}

void client_policy::rotate(core::timestamp now) {
  const auto watched = [](const path& p) { return p.watch.has_value(); };
  if (!session_ || std::ranges::none_of(paths_, watched) || !looks_.for_rotation.due(now)) return;
  looks_.for_rotation.look(now, stream_bytes(), idle_interval());
  for (std::size_t i = 0; i < paths_.size(); ++i)
    if (paths_[i].watch) rotate(i, now);
}

void client_policy::rotate(std::size_t index, core::timestamp now) {
  if (!path::rotates(paths_[index].settings)) return close_retired(index, now);  // it has been changed
  rotation& watch = *paths_[index].watch;
  core::engine& engine = session_->core.engine();
  std::vector<rotation::observed> seen;
  for (const bridge* b : bridges_of(index)) {
    const auto stats = engine.stats_of(b->id());
    if (!stats) continue;
    const rotation::observed one{
        .id = b->id(),
        .up_since = now - b->age(now),
        .up = stats->bytes_sent - stats->in_flight,
        .down = stats->bytes_received,
        .round_trip = stats->rtt_min,
        .may_be_doubted = !b->aged() && !b->has_budget() && b->healthy(engine, now),
        .has_budget = b->has_budget(),
    };
    if (!one.has_budget && watch.freezes().lives(one.up_since, {one.up, one.down}))
      trace_event(trace::path_freezes{paths_[index].settings.name, 0, 0});
    seen.push_back(one);
  }
  if (watch.doubting()) give_up_unanswered(index, now);
  watch.observe(now, seen, !must_make_room(index, now));
  for (bridge* b : bridges_of(index))
    if (watch.retired(b->id()) && b->set_rest(engine, bridge::rest::retired, true)) on_retired(*b, now);
  close_retired(index, now);
}

// A successor would not come up beside as many bridges as there are. The last one stays, unless it is certain that its
// place would be free then.
bool client_policy::must_make_room(std::size_t index, core::timestamp now) const {
  const path& on = paths_[index];
  const std::size_t bridges = bridges_of(index).size();
  return on.pace.holds(bridges + on.dialling, now) && (bridges > 1 || on.pace.is_limit());
}

void client_policy::on_retired(const bridge& b, core::timestamp now) {
  path& on = paths_[b.path()];
  on.count_replacement(on.watch->why_retired(b.id(), now));
  trace_event(trace::bridge_outgoing{b.id(), on.where(), on.last_replacement});
  session_->core.changed();
}

// Once the peer has stopped sending on it, and has acknowledged all. Where it keeps its successor from coming up it
// does not have that time: what is still under way on it is sent again. The last ones go one by one.
void client_policy::close_retired(std::size_t index, core::timestamp now) {
  const path& on = paths_[index];
  bool in_the_way = must_make_room(index, now) && healthy_bridges(index, now) < on.wanted();
  for (bridge* b : bridges_of(index)) {
    if (!b->rests_for(bridge::rest::retired)) continue;
    const bool ends = in_the_way && on.watch && on.watch->retired_for_long(b->id(), now);
    if (!ends && !b->is_quiet(session_->core.engine(), now)) continue;
    b->close(b->has_budget() ? errc::bridge_spent : errc::not_needed);
    in_the_way = in_the_way && up_bridges(index) > 0;
  }
}

}  // namespace mtcp
