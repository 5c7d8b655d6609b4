// Bridges that come, go, and fall silent; and every deadline of the engine.
#include <algorithm>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

constexpr timestamp never = timestamp::max();

}  // namespace

void engine::bridge_up(bridge_id id, const bridge_options& options, timestamp now, duration handshake_rtt) {
  const lateness known = impl_->bridges.lateness_on(options.path, now);
  const duration usual = impl_->bridges.usual_rtt_on(options.path);
  const second_chance chance = impl_->bridges.chance_on(options.path);
  bridge_state* b = impl_->bridges.add(id);
  if (b == nullptr) return;
  b->begin(options, impl_->terms.mine);
  b->path.on_handshake(handshake_rtt);
  b->path.inherit_usual(usual);
  b->late = known;
  b->chance = chance;
  b->up_since = now;
  b->received.on_heard(now);
  b->progress.begin(now);
  b->beat.ask(0, now);
  // The network lets this one through: others that have been silent for longer than their patience are silent alone.
  for (auto& [other, every] : impl_->bridges.live()) every.progress.decide();
  impl_->acks.on_bridge_up(now);
  impl_->ranking.rank(impl_->bridges);
}

void engine::bridge_unused(bridge_id id, timestamp) {
  lost_bridge* unseen = impl_->bridges.add_unseen(id);
  if (unseen != nullptr) impl_->controls.announce(unseen->notice, {control::bridge_closed, id});
}

void engine::bridge_changed(bridge_id id, const bridge_options& options) {
  bridge_state* b = impl_->bridges.find(id);
  if (b == nullptr) return;
  b->set_options(options);
  b->path_wanted = true;
}

void engine::bridge_down(bridge_id id, timestamp now) { impl_->bridge_down(id, now); }

void engine::impl::bridge_down(bridge_id id, timestamp now) {
  if (bridges.find(id) == nullptr) return;
  search.disturb(bridges, now);
  lost_bridge& gone = bridges.lose(id);
  controls.announce(gone.notice, {control::bridge_closed, id});
  ranking.rank(bridges);
  scheduler.look_soon();
  resend_count again;
  gone.flight.give_up([&](const sent_frame& f) {
    if (lose_frame(f)) again.add(f.stream_bytes());
  });
  tracer.tell_resent(id, 0, resend::lost, again);
  tracer.forget(id);
  acks.repeat_all(bridges, now);
  if (bridges.too_many_lost()) fail(violation::flood);
}

void engine::settle(std::span<const bridge_count> counts, timestamp now) {
  for (const bridge_count& c : counts) {
    const violation wrong = impl_->settle(c.bridge, c.count, now);
    if (wrong != violation::none) return impl_->fail(wrong);
  }
}

// The peer has lost a bridge, and tells how much it took from it.
violation engine::impl::settle(bridge_id id, std::uint64_t count, timestamp now) {
  const violation wrong = acknowledge(id, count, duration::zero(), now);
  if (wrong != violation::none) return wrong;
  if (bridges.find(id) != nullptr) {
    events.push(events::bridge_closed{id, bridge_end::lost_by_peer});
    bridge_down(id, now);
  } else if (lost_bridge* unseen = bridges.add_unseen(id)) {
    if (bridges.too_many_lost() || bridges.too_many_gaps()) return violation::flood;
    // It never came up here, but the peer waits for a count.
    controls.announce(unseen->notice, {control::bridge_closed, id});
  }
  lost_bridge* gone = bridges.find_lost(id);
  if (gone == nullptr) return violation::none;
  gone->peer_told = true;
  gone->flight.forget();
  bridges.forget_if_settled(id);
  return violation::none;
}

bool engine::knows_bridge(bridge_id id) const { return impl_->bridges.knows(id); }
std::size_t engine::bridge_id_ranges() const { return impl_->bridges.id_ranges(); }
std::size_t engine::bridge_ids_kept() const { return impl_->bridges.live().size() + impl_->bridges.lost().size(); }

std::vector<bridge_count> engine::unsettled() const {
  constexpr std::size_t most = 256;  // the rest is told by BRIDGE_CLOSED
  std::vector<bridge_count> counts;
  for (const auto& [id, gone] : impl_->bridges.lost()) {
    if (!gone.notice.acked && counts.size() < most) counts.push_back({id, gone.taken});
  }
  return counts;
}

void engine::handle_tcp_info(bridge_id id, const tcp_info& info, timestamp now) {
  bridge_state* b = impl_->bridges.find(id);
  if (b == nullptr) return;
  impl_->scheduler.look_soon();
  b->on_tcp_info(info, now);
}

// ---- deadlines ----

void engine::handle_timeout(timestamp now) { impl_->handle_timeout(now); }

void engine::impl::handle_timeout(timestamp now) {
  scheduler.on_timer(now);
  acks.fire(bridges, now);
  for (auto& [id, b] : bridges.live()) {
    b.limiter.refill(now);  // a bridge without room is not polled, and its deadline would stay in the past
    check_progress(b, now);
    check_liveness(b, now);
  }
}

// The peer is heard from on it. What acknowledges our frames may wait behind that, where a network has slowed down all
// bridges at once.
bool engine::impl::may_be_slow(const bridge_state& b, timestamp lately, timestamp now) {
  constexpr int long_enough = 4;
  const timestamp since = std::max(*b.waits_since(), b.progress.at());
  return b.received.heard_at() > lately && now - since < long_enough * b.patience();
}

void engine::impl::check_progress(bridge_state& b, timestamp now) {
  if (b.progress_deadline() > now) return;
  // Acknowledgements travel on other bridges too: whoever is heard from would have brought them.
  const timestamp lately = now - b.patience() / 2;
  const bool others_live = std::ranges::any_of(bridges.live(), [&](const auto& other) {
    const timestamp heard_at = other.second.received.heard_at();
    return &other.second != &b && heard_at > lately && heard_at > b.received.heard_at();
  });
  if (bridges.newest_acked_sent() > *b.waits_since()) return give_up(b, suspicion::overtaken, now);
  if (others_live) return give_up(b, suspicion::others_live, now);
  if (may_be_slow(b, lately, now)) return b.progress.postpone(lately);
  // Nothing from anywhere: a starved peer, a sleeping laptop, or every path is gone. Ask all of them, and have others
  // dialled at once: where this end has got a new address only these will work.
  for (auto& [id, every] : bridges.live()) {
    every.beat.ask(every.received.taken(), now);
    if (terms.mine == role::client) tell_suspect(every, suspicion::silence, now);
  }
  b.progress.postpone(lately);
}

// Others are acknowledged for newer frames: this bridge is suspect. Its frames go elsewhere, it gets no new ones.
void engine::impl::give_up(bridge_state& b, suspicion why, timestamp now) {
  tell_suspect(b, why, now);
  hedge.on_trouble(now);
  b.late.sample(b.stalled_for(now), now);  // a replacement on the same path is to know
  b.progress.suspect(now);
  b.beat.ask(b.received.taken(), now);
  resend_count again;
  b.flight.give_up([&](const sent_frame& f) {
    b.retransmitted_bytes += f.stream_bytes();
    if (lose_frame(f)) again.add(f.stream_bytes());
  });
  tracer.tell_resent(b.id, 0, resend::suspected, again);
}

// Once, until it moves again.
void engine::impl::tell_suspect(bridge_state& b, suspicion why, timestamp now) {
  if (!b.progress.tell()) return;
  if (tracer.on()) tracer.tell(traced::suspected{b.id, why, b.stalled_for(now)});
  if (terms.mine == role::client) return events.push(events::bridge_suspect{b.id, observer::self});
  controls.announce(b.progress.notice(), {control::bridge_suspect, b.id});  // only the client can dial
}

// Something of ours has arrived. If the bridge was suspected, what it could do before says nothing.
void engine::impl::on_progress(bridge_state& b, recovery by, timestamp now) {
  if (b.progress.suspected()) b.path.start_over();
  b.progress.on_progress(now);
  if (!b.progress.take_back()) return;
  tracer.tell(traced::recovered{b.id, by});
  if (terms.mine == role::client) events.push(events::bridge_recovered{b.id});
}

void engine::impl::check_liveness(bridge_state& b, timestamp now) {
  if (b.liveness_deadline() > now) return;
  if (b.beat.on_deadline(b.received.taken(), now)) events.push(events::bridge_closed{b.id, bridge_end::silent});
}

// When the oldest frame of a bridge is late enough for another bridge to carry a copy.
timestamp engine::impl::overdue_deadline(const bridge_state& b) const {
  if (b.flight.empty() || bridges.live().size() < 2 || b.progress.suspected()) return never;
  return std::max(b.late_at(b.flight.oldest()), scheduler.next_overdue_look());
}

std::optional<timestamp> engine::impl::next_timeout() const {
  const auto due = acks.due_at();
  timestamp next = due && !bridges.live().empty() ? *due : never;
  for (const auto& [id, b] : bridges.live()) {
    next = std::min({next, b.progress_deadline(), b.liveness_deadline(), overdue_deadline(b)});
    if (b.over_its_rate()) next = std::min(next, b.limiter.ready_at());
  }
  if (next == never) return {};
  return next;
}

std::optional<timestamp> engine::poll_timeout() const { return impl_->next_timeout(); }

}  // namespace mtcp::core
