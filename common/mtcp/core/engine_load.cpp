// How the active bridges cope with what they have to carry, and when other bridges, once they are admitted, take some
// of it.
#include <algorithm>
#include <chrono>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

// What active bridges carry in this time is left to them. So they stay full exactly as long as they need help, which is
// how anybody knows; and once they do not, next to nothing takes a way that costs money.
constexpr duration left_to_active = std::chrono::milliseconds(50);

}  // namespace

void engine::admit(path_role role, bool on) {
  impl_->ranking.admit(role, on);
  impl_->scheduler.look_soon();
}

bool engine::admits(path_role role) const { return impl_->ranking.admits(role); }

// A bulk stream's writer waits for room: how much it has behind that nobody knows.
bool engine::impl::more_behind() const {
  const ring<stream_id>& bulk = scheduler.bulk();
  for (std::size_t i = 0; i < bulk.size(); ++i) {
    const stream_state* s = streams.find(bulk[i]);
    if (s != nullptr && s->program == writer::waits) return true;
  }
  return false;
}

// Any bridge but those that merely help.
bool engine::impl::needs_help(const bridge_state& helper) const {
  if (!helper.helps || more_behind()) return true;
  return bulk_backlog() > ranking.active_rate() * path_model::seconds(left_to_active);
}

namespace {

void add(active_load& to, const bridge_state& b) {
  const tcp_info& tcp = b.path.tcp();
  const bool all_limited = to.present == 0 || to.rate_limit > 0;
  to.rate_limit = all_limited && b.options.rate_limit > 0 ? to.rate_limit + b.options.rate_limit : 0;
  ++to.present;
  to.suspects += b.progress.suspected() ? 1 : 0;
  to.active += b.usable ? 1 : 0;
  to.delivered += b.path.delivered();
  to.tcp_sent += tcp.sent;
  to.tcp_resent += tcp.resent;
  to.rate += b.usable ? b.path.rate_estimate() : 0;
  if (b.usable) to.longest_rtt = std::max(to.longest_rtt, b.path.rtt_minimum());
}

}  // namespace

restraint engine::restraint_of(bridge_id id, timestamp now) const {
  const bridge_state* b = impl_->bridges.find(id);
  if (b == nullptr) return restraint::none;
  if (b->progress.suspected()) return restraint::suspect;
  if (!b->can_carry()) return restraint::budget;
  if (b->brings_data(now)) return restraint::none;
  return b->usable ? b->restraints.mostly(now) : restraint_by(b->options.role);
}

active_load engine::look_at_load() {
  impl& e = *impl_;
  active_load seen;
  for (const auto& [id, b] : e.bridges.live()) {
    if (b.options.role == path_role::active) add(seen, b);
    if (b.options.role == path_role::overflow && !b.progress.suspected()) ++seen.overflow;
    if (b.options.role == path_role::backup && !b.progress.suspected()) ++seen.backups;
  }
  const bool anything = !e.scheduler.empty(stream_queue::place::bulk);
  seen.queue = e.bulk_backlog();
  seen.more_behind = e.more_behind();
  seen.full = e.others_helped || (anything && !e.active_had_room);
  e.active_had_room = !anything;
  e.others_helped = false;
  return seen;
}

}  // namespace mtcp::core
