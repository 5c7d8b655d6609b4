// Bridges that come, go, and fall silent; and every deadline of the engine.
#include <algorithm>
#include <chrono>
#include <utility>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Keeps the mappings of NATs alive (RFC 5382 asks for hours, home routers grant as little as 30 s).
constexpr duration idle_ping = seconds(25);
// A receiver has no acknowledgements to time: it measures the round trip by a PING now and then.
constexpr duration busy_ping = seconds(1);
constexpr std::uint64_t busy_bytes = 64 * 1024;
// Nothing heard for so long while an answer is due: dead.
constexpr duration dead_after = seconds(10);
// Between two looks at frames that are overdue but could not be sent again.
constexpr duration overdue_interval = milliseconds(10);

// Bridges whose end is not settled, and gaps between their ids. An honest peer leaves few.
constexpr std::size_t most_lost = 4096;

constexpr timestamp never = timestamp::max();

}  // namespace

void engine::bridge_up(bridge_id id, const bridge_options& options, timestamp now) {
  impl& e = *impl_;
  if (!e.known_bridges.insert(id)) return;
  bridge_state& b = e.bridges[id];
  b.id = id;
  b.set_options(options);
  b.up_since = b.heard_at = b.progress_at = now;
  e.ping(b, now);
  e.rank_bridges();
}

void engine::bridge_changed(bridge_id id, const bridge_options& options) {
  impl& e = *impl_;
  const auto it = e.bridges.find(id);
  if (it == e.bridges.end()) return;
  it->second.set_options(options);
  it->second.path_wanted = true;
}

void engine::bridge_down(bridge_id id, timestamp now) { impl_->bridge_down(id, now); }

void engine::impl::bridge_down(bridge_id id, timestamp now) {
  const auto it = bridges.find(id);
  if (it == bridges.end()) return;
  lost_bridge& gone = lost[id];
  gone.taken = it->second.taken;
  gone.flight = std::move(it->second.flight);
  announce(gone.notice, {control::bridge_closed, id});
  bridges.erase(it);
  rank_bridges();
  next_look = {};
  gone.flight.give_up([this](const sent_frame& f) { lose_frame(f); });
  // The last ACKs may have been on it: let the others carry the counts again.
  for (auto& [other, b] : bridges) {
    if (b.taken > 0) b.acked_taken = 0;
  }
  ack_due = now;
  if (lost.size() > most_lost) fail(violation::flood);
}

// A copy is gone, or not to be counted on. What has no other one is sent again.
void engine::impl::lose_frame(const sent_frame& f) {
  if (f.segment() != nullptr) lose_segment(*f.segment());
  if (f.control() != nullptr) lose_control(*f.control());
}

void engine::impl::lose_segment(const sent_segment& f) {
  stream_state* s = find(f.stream);
  segment* piece = s == nullptr ? nullptr : s->send.find(f.number);
  if (piece == nullptr || piece->acked) return;
  if (piece->copies > 0) --piece->copies;
  if (piece->copies == 0 && !s->send.stopped()) resends.push_back({f.stream, f.number});
}

void engine::impl::lose_control(const sent_control& f) {
  control_slot* slot = slot_of(f.item);
  if (slot == nullptr || !slot->says(f.version) || slot->acked) return;
  if (slot->copies > 0) --slot->copies;
  if (slot->copies == 0) say_again(*slot, f.item);
}

void engine::settle(std::span<const bridge_count> counts, timestamp now) {
  for (const bridge_count& c : counts) impl_->settle(c.bridge, c.count, now);
}

// The peer has lost a bridge, and tells how much it took from it.
void engine::impl::settle(bridge_id id, std::uint64_t count, timestamp now) {
  if (const auto live = bridges.find(id); live != bridges.end()) {
    if (count > live->second.flight.sent()) return fail(violation::ack_of_unsent);
    if (count > live->second.flight.acked()) acknowledge_live(live->second, count, duration::zero(), now);
    report(events::bridge_closed{id, bridge_end::lost_by_peer});
    bridge_down(id, now);
  } else if (known_bridges.insert(id)) {
    if (lost.size() >= most_lost || known_bridges.range_count() > most_lost) return fail(violation::flood);
    // It never came up here, but the peer waits for a count.
    announce(lost[id].notice, {control::bridge_closed, id});
  }
  const auto gone = lost.find(id);
  if (gone == lost.end()) return;
  acknowledge(id, count, duration::zero(), now);
  gone->second.peer_told = true;
  gone->second.flight.forget();
  forget_if_settled(id);
}

void engine::impl::forget_if_settled(bridge_id id) {
  const auto gone = lost.find(id);
  if (gone != lost.end() && gone->second.settled()) lost.erase(gone);
}

std::vector<bridge_count> engine::unsettled() const {
  constexpr std::size_t most = 256;  // the rest is told by BRIDGE_CLOSED
  std::vector<bridge_count> counts;
  for (const auto& [id, gone] : impl_->lost) {
    if (!gone.notice.acked && counts.size() < most) counts.push_back({id, gone.taken});
  }
  return counts;
}

void engine::handle_path_info(bridge_id id, const path_info& info, timestamp now) {
  const auto it = impl_->bridges.find(id);
  if (it == impl_->bridges.end()) return;
  impl_->next_look = {};
  it->second.on_path_info(info, now);
}

// ---- deadlines ----

void engine::handle_timeout(timestamp now) { impl_->handle_timeout(now); }

void engine::impl::handle_timeout(timestamp now) {
  timer_ran = now;
  next_look = {};
  fire_acks(now);
  for (auto& [id, b] : bridges) {
    b.limiter.refill(now);  // a bridge without room is not polled, and its deadline would stay in the past
    check_progress(b, now);
    check_liveness(b, now);
  }
}

// A bridge over which TCP still carries the oldest frame, or pauses on purpose, is slow and not silent: its frames may
// be overdue, and others carry copies of them, but it goes on.
timestamp engine::impl::progress_deadline(const bridge_state& b) const {
  const auto since = b.waits_since();
  if (!since || b.suspect) return never;
  return std::max({b.progress_at, b.oldest_frame.at(), b.probing_at, *since}) + b.patience();
}

void engine::impl::check_progress(bridge_state& b, timestamp now) {
  if (progress_deadline(b) > now) return;
  // Acknowledgements travel on other bridges too: whoever is heard from would have brought them.
  const timestamp lately = now - b.patience() / 2;
  const bool others_live = std::any_of(bridges.begin(), bridges.end(), [&](const auto& other) {
    return &other.second != &b && other.second.heard_at > lately && other.second.heard_at > b.heard_at;
  });
  if (others_live || newest_acked_sent > *b.waits_since()) return give_up(b, now);
  // Nothing from anywhere: a starved peer, a sleeping laptop, or every path is gone. Ask all of them, and have others
  // dialled at once: where this end has got a new address only these will work.
  for (auto& [id, every] : bridges) {
    ping(every, now);
    if (my_role == role::client) tell_suspect(every);
  }
  b.progress_at = lately;
}

// Others are acknowledged for newer frames: this bridge is suspect. Its frames go elsewhere, it gets no new ones.
void engine::impl::give_up(bridge_state& b, timestamp now) {
  b.suspect = true;
  ping(b, now);
  tell_suspect(b);
  b.progress_at = now;
  b.flight.give_up([&](const sent_frame& f) {
    b.payload_resent += f.stream_bytes();
    lose_frame(f);
  });
}

// Once, until it moves again.
void engine::impl::tell_suspect(bridge_state& b) {
  if (std::exchange(b.suspect_told, true)) return;
  if (my_role == role::client) return report(events::bridge_suspect{b.id, observer::self});
  announce(b.suspect_notice, {control::bridge_suspect, b.id});  // only the client can dial
}

// Something of ours has arrived.
void engine::impl::on_progress(bridge_state& b, timestamp now) {
  const bool was_told = std::exchange(b.suspect_told, false);
  b.on_progress(now);
  if (was_told && my_role == role::client) report(events::bridge_recovered{b.id});
}

timestamp engine::impl::liveness_deadline(const bridge_state& b) const {
  if (b.close_reported) return never;
  // Not what was heard but the PONG counts: a path may be cut in one direction only.
  if (b.ping_asked) return *b.ping_asked + dead_after;
  const bool busy = b.taken - b.taken_at_ping > busy_bytes && b.flight.empty();
  return busy ? std::max(b.rtt.sampled_at(), b.up_since) + busy_ping : b.heard_at + idle_ping;
}

void engine::impl::check_liveness(bridge_state& b, timestamp now) {
  if (liveness_deadline(b) > now) return;
  if (!b.ping_asked) return ping(b, now);
  b.close_reported = true;
  report(events::bridge_closed{b.id, bridge_end::silent});
}

void engine::impl::ping(bridge_state& b, timestamp now) {
  if (b.ping_asked) return;
  b.ping_asked = now;
  b.ping_wanted = true;
  b.taken_at_ping = b.taken;
}

// When the oldest frame of a bridge is late enough for another bridge to carry a copy.
timestamp engine::impl::overdue_deadline(const bridge_state& b) const {
  if (b.flight.empty() || bridges.size() < 2 || b.suspect) return never;
  const sent_frame& oldest = b.flight.oldest();
  return std::max(oldest.due + b.grace(oldest), timer_ran + overdue_interval);
}

std::optional<timestamp> engine::impl::next_timeout() const {
  timestamp next = ack_due && !bridges.empty() ? *ack_due : never;
  for (const auto& [id, b] : bridges) {
    next = std::min({next, progress_deadline(b), liveness_deadline(b), overdue_deadline(b)});
    if (b.options.rate_limit > 0 && b.limiter.empty()) next = std::min(next, b.limiter.ready_at());
  }
  if (next == never) return {};
  return next;
}

std::optional<timestamp> engine::poll_timeout() const { return impl_->next_timeout(); }

}  // namespace mtcp::core
