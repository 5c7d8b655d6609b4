// What a client does where the network lets a connection carry only so many bytes: it learns how many, gives each
// bridge a budget, and dials its successor before that is used up.
#include <algorithm>
#include <utility>

#include "mtcp/session/client_policy.hpp"

namespace mtcp {
namespace {

/// By its connection. Costs a system call.
freeze_watch::carried carried_by(bridge& b, core::timestamp now) {
  const core::tcp_info info = b.tcp_info(now);
  return {info.acknowledged, info.received};
}

}  // namespace

// ---- learning ----

// On a slow line frames wait for long, and TCP moves all the same.
void client_policy::note_silence(bridge& silent, core::timestamp now) {
  const freeze_watch::carried by_tcp = carried_by(silent, now);
  note_freeze(silent, by_tcp, now);
  const std::uint64_t carried = std::max(by_tcp.up + by_tcp.down, silent.delivered(session_->core.engine()));
  note_small_packets(silent.path(), silent.id(), now - silent.age(now), carried, now);
}

void client_policy::note_freeze(const bridge& silent, const freeze_watch::carried& by_then, core::timestamp now) {
  path& on = paths_[silent.path()];
  if (!on.watch || silent.rests_for(bridge::rest::retired)) return;
  freeze_watch& freezes = on.watch->freezes();
  if (silent.has_budget()) {
    if (freezes.budget_failed()) trace_event(trace::path_freezes{on.settings.name, 0, 0});
    return;
  }
  if (freezes.fell_silent(silent.id(), now - silent.age(now), by_then, now))
    trace_event(trace::path_freezes{on.settings.name, freezes.found().up, freezes.found().down});
  if (freezes.finds()) close_frozen(silent.path(), now);
}

void client_policy::note_small_packets(std::size_t index, core::bridge_id silent, core::timestamp up_since,
                                       std::uint64_t carried, core::timestamp now) {
  path& on = paths_[index];
  note_large_packets(index, now);
  if (on.mtu.fell_silent(silent, up_since, carried, now)) trace_event(trace::path_mtu{on.settings.name, true});
}

void client_policy::note_large_packets(std::size_t index, core::timestamp now) {
  path& on = paths_[index];
  for (const bridge* b : bridges_of(index)) {
    const core::engine& engine = session_->core.engine();
    if (b->healthy(engine, now) && on.mtu.lives(b->delivered(engine)))
      trace_event(trace::path_mtu{on.settings.name, false});
  }
}

// They would count as bridges that may recover, for as long as a bridge has to show that it lives.
void client_policy::close_frozen(std::size_t index, core::timestamp now) {
  const freeze_watch& freezes = paths_[index].watch->freezes();
  for (bridge* b : bridges_of(index)) {
    if (b->has_budget() || b->healthy(session_->core.engine(), now)) continue;
    if (freezes.explains(carried_by(*b, now))) b->close(errc::bridge_frozen);
  }
}

// ---- budgets ----

void client_policy::review_budgets(core::timestamp now) {
  if (!session_ || stage_ != stage::running) return;
  for (std::size_t i = 0; i < paths_.size(); ++i)
    if (paths_[i].with_budget > 0) review_budgets(i, now);
}

// One that has carried half of what it may gets a successor, and is used on. When all of it is used up nothing more can
// come, and it is closed as soon as the ends know of each other's last bytes.
void client_policy::review_budgets(std::size_t index, core::timestamp now) {
  rotation& watch = *paths_[index].watch;
  core::engine& engine = session_->core.engine();
  for (bridge* b : bridges_of(index)) {
    const bridge::wear before = b->worn();
    if (!b->review_budget(engine)) continue;
    if (before == bridge::wear::none) watch.wore_out(b->age(now));
    if (b->worn() == bridge::wear::all && b->set_rest(engine, bridge::rest::retired, true)) {
      watch.freezes().budget_kept();
      session_->core.changed();
    }
    maintain_soon();
  }
  close_retired(index, now);
}

bool client_policy::has_spent_bridges() const {
  const bool any = std::ranges::any_of(paths_, [](const path& p) { return p.with_budget > 0; });
  return any && session_ && std::ranges::any_of(session_->core.bridges(), [](const bridge* b) {
           return b->has_budget() && b->rests_for(bridge::rest::retired) && !b->closed();
         });
}

}  // namespace mtcp
