// What an acknowledgement, or the loss of a bridge, means for what was sent. A bridge is FIFO and reliable while it
// lives, so one count per bridge says it all: the bytes of complete frames that the peer has taken into its state and
// will never drop.
#include <algorithm>
#include <optional>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {

// Of a bridge that is settled nothing is remembered, and nothing can come of what is said of it. On one that never came
// up nothing was sent.
violation engine::impl::acknowledge(bridge_id id, std::uint64_t count, duration delay, timestamp now) {
  if (bridge_state* live = bridges.find(id)) {
    if (count > live->flight.sent()) return violation::ack_of_unsent;
    if (count > live->flight.acked()) acknowledge_live(*live, count, delay, now);
  } else if (lost_bridge* gone = bridges.find_lost(id)) {
    if (count > gone->flight.sent()) return violation::ack_of_unsent;
    gone->flight.acknowledge(count, [this](const sent_frame& f) { acknowledge_frame(f); });
  } else if (count > 0 && !bridges.knows(id)) {
    return violation::ack_of_unsent;
  }
  return violation::none;
}

void engine::impl::acknowledge_live(bridge_state& b, std::uint64_t count, duration delay, timestamp now) {
  std::optional<rate_estimator::mark> newest;
  const timestamp due = b.flight.empty() ? now : b.flight.oldest().due;
  const std::uint64_t bytes = b.flight.acknowledge(count, [&](const sent_frame& f) {
    newest = f.mark;
    if (f.alone) b.late.sample(now - f.due, now);
    if (f.alone && b.overdue(f, now)) hedge.on_trouble(now);
    acknowledge_frame(f);
  });
  if (!newest) return;
  scheduler.look_soon();
  on_progress(b, recovery::ack, now);
  bridges.on_acked(newest->sent);
  b.path.on_ack(bytes, *newest, delay, now);
  b.path.on_late(now - delay - due, now);
  search.advance(bridges, now);
  if (tracer.on()) tracer.tell_pace(b.id, static_cast<std::uint64_t>(b.path.rate_estimate()), b.path.cap());
}

void engine::impl::acknowledge_frame(const sent_frame& f) {
  if (f.segment() != nullptr) acknowledge_segment(*f.segment());
  if (f.control() != nullptr) acknowledge_control(*f.control());
}

void engine::impl::acknowledge_segment(const sent_segment& f) {
  stream_state* s = streams.find(f.stream);
  if (s == nullptr) return;
  streams.sending(*s, [&](send_half& half) { half.acknowledge_segment(f.number); });
  wake_writer(*s);
  erase_if_over(*s);
}

void engine::impl::acknowledge_control(const sent_control& f) {
  control_slot* slot = slot_of(f.item);
  if (slot == nullptr || !slot->on_acknowledged(f.version)) return;
  if (f.item.what == control::bridge_closed) return bridges.forget_if_settled(f.item.id);
  if (scope_of(f.item.what) != control_scope::stream) return;
  stream_state* s = streams.find(f.item.id);
  if (f.item.what == control::fin || f.item.what == control::reset) s->send.acknowledge_end();
  erase_if_over(*s);
}

// A copy is gone, or not to be counted on. What has no other one is sent again.
bool engine::impl::lose_frame(const sent_frame& f) {
  if (f.segment() != nullptr) return lose_segment(*f.segment());
  return f.control() != nullptr && lose_control(*f.control());
}

bool engine::impl::lose_segment(const sent_segment& f) {
  stream_state* s = streams.find(f.stream);
  segment* piece = s == nullptr ? nullptr : s->send.find(f.number);
  if (piece == nullptr || piece->acked) return false;
  if (piece->copies > 0) --piece->copies;
  if (!piece->waits() || s->send.stopped()) return false;
  reinject.resend({f.stream, f.number, piece->offset});
  return true;
}

bool engine::impl::lose_control(const sent_control& f) {
  control_slot* slot = slot_of(f.item);
  if (slot == nullptr || !slot->on_lost(f.version)) return false;
  controls.say_again(*slot, f.item);
  return true;
}

}  // namespace mtcp::core
