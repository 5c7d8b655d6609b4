// Sending again: what was on lost bridges, what is overdue at the head of others, and, when there is nothing else to
// send, what a slower bridge would bring later than this one.
#include <algorithm>
#include <chrono>
#include <optional>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

// A copy must win clearly: without this test up to 39 % of small transfers was sent twice in a fluid simulation.
constexpr double clear_gain = 1.5;
constexpr double clear_gain_seconds = 0.010;
// In flight on a bridge of which too little is known: so much may be copied whatever it costs.
constexpr std::uint64_t little_known = 64 * 1024;
// A fresh connection sends so much at once (ten packets, RFC 6928), and waits a round trip before it sends more: its
// reader, who has waited long enough, is not to wait for the rest of a frame.
constexpr std::size_t first_window = 12 * 1024;
constexpr double long_time = 1e6;  // seconds, for what would overflow a time
// Frames looked at per call.
constexpr std::size_t overdue_depth = 64;
constexpr std::size_t speculative_depth = 1024;

// Frames of one bridge are due in the order in which they were sent, as long as its estimates do not fall. So the last
// one and the first one tell, nearly always, that none of them needs a look: to look at each cost 2 % of an upload.
bool none_is_late(const bridge_state& owner, timestamp late, timestamp now) {
  const ring<sent_frame>& frames = owner.flight.frames();
  return frames.empty() || (frames.back().due <= late && !owner.overdue(frames.front(), now));
}

// What is due on `owner` later than then would arrive clearly sooner as a copy on a bridge that delivers after `eta`
// seconds, where `owner` itself does after `owners_eta`.
timestamp clearly_later(double eta, const bridge_state& owner, double owners_eta, timestamp now) {
  const double return_trip = path_model::seconds(owner.path.rtt_minimum()) - owners_eta + owner.queue_seconds();
  const double gain = std::min(clear_gain * eta + clear_gain_seconds + return_trip, long_time);
  return now + duration(static_cast<std::int64_t>(gain * 1e9));
}

}  // namespace

// A copy may exceed the room by its own size: new frames are cut to the room that there is, and would take it again and
// again before it is large enough for a copy. But not what the bridge may carry: for that it is cut anew.
void engine::impl::put_resends(transmission& t) {
  while (!reinject.empty()) {
    const resend_item item = reinject.front();
    stream_state* s = streams.find(item.stream);
    const segment* piece = s == nullptr ? nullptr : s->send.find(item.segment);
    if (piece != nullptr && piece->waits()) {
      const std::size_t most = std::min(t.largest_segment(), t.bridge.path.settled() ? max_segment_size : first_window);
      if (!t.takes_data()) return;
      if (piece->size > most) {
        reinject.replace(s->send.split(item.segment, most), most);
        continue;
      }
      if (t.rest().size() < piece->size + data_header) return;
      counters.retransmitted_bytes += piece->size;
      put_segment(t, *s, item.segment);
    }
    reinject.pop();
  }
}

// The latest copy is to have its time before another one is sent: where all bridges become slow at once, the first
// copies stand on such bridges as well, and only fresh ones help.
bool copied_enough(const segment& s, timestamp now) {
  constexpr unsigned most_copies = 4;
  return s.copies != 1 && (s.copies >= most_copies || now <= s.late_at);
}

// Another copy of a frame that is in flight on `owner`. False when it may not or need not be sent.
bool engine::impl::put_copy(transmission& t, bridge_state& owner, const sent_segment& f) {
  stream_state* s = streams.find(f.stream);
  const segment* piece = s == nullptr ? nullptr : s->send.find(f.number);
  if (piece == nullptr || piece->acked || piece->waits() || copied_enough(*piece, t.now) || s->send.stopped())
    return false;
  if (t.rest().size() < piece->size + data_header || t.largest_segment() < piece->size) return false;
  if (!t.takes_data()) return false;
  reinject.on_copy(piece->size);
  counters.retransmitted_bytes += piece->size;
  owner.retransmitted_bytes += piece->size;
  put_segment(t, *s, f.number);
  return true;
}

// The slot of a control frame of which nothing else is under way or queued; null if another copy is not needed.
control_slot* engine::impl::only_copy(const sent_control& f) {
  control_slot* slot = slot_of(f.item);
  const bool only = slot != nullptr && slot->says(f.version) && !slot->acked && !slot->queued && slot->copies == 1;
  return only ? slot : nullptr;
}

// The same for a control frame: the credit that a stream waits for may be in it.
bool engine::impl::repeat_control(const sent_control& f) {
  control_slot* slot = only_copy(f);
  if (slot == nullptr) return false;
  controls.say_again(*slot, f.item);
  return true;
}

// Until when a frame of `owner` may be due for `t.bridge` to wait for it; none if the only question is whether it is
// late. Too little is known of a bridge to wait for it, or it should not have got the frame.
std::optional<timestamp> engine::impl::worth_waiting_until(const transmission& t, const bridge_state& owner) const {
  if (owner.is_known_to_help() || !t.bridge.is_known_to_help()) return std::nullopt;
  return clearly_later(ranking.estimate_of(t.bridge).eta, owner, ranking.estimate_of(owner).eta, t.now);
}

// What holds up a stream is usually the oldest frame of another bridge: it may be copied before anything new is sent.
void engine::impl::put_overdue(transmission& t) {
  for (auto& [id, owner] : bridges.live()) {
    if (&owner == &t.bridge || owner.flight.empty()) continue;
    const ring<sent_frame>& frames = owner.flight.frames();
    const std::size_t depth = std::min(overdue_depth, frames.size());
    const bool little = !owner.is_known_to_help() && owner.flight.in_flight() <= little_known;
    const bool free = little || owner.gets_no_more();
    const std::optional<timestamp> until = worth_waiting_until(t, owner);
    resend_count again;
    for (std::size_t i = 0; i < depth && (free || reinject.may_copy()) && t.data_room >= data_header; ++i) {
      const sent_frame& f = frames[i];
      const bool overdue = owner.overdue(f, t.now);
      if (!overdue && !(until && (t.now > f.due || f.due > *until))) break;
      if (f.alone && overdue) hedge.on_trouble(t.now);
      if (f.given_up) continue;
      if (f.segment() != nullptr && put_copy(t, owner, *f.segment())) again.add(f.stream_bytes());
      if (f.control() != nullptr && overdue && repeat_control(*f.control())) again.add(0);
    }
    tracer.tell_resent(id, t.bridge.id, resend::late, again);
  }
}

// Many frames are looked at, and few copied: what is the same for all of them is known before. What is overdue needs no
// allowance here, where this bridge has nothing else to send: the stream's credit may be used up behind that very
// frame, so that no new bytes would ever earn one.
void engine::impl::put_speculative(transmission& t) {
  const double eta = ranking.estimate_of(t.bridge).eta;
  for (const ranked_bridge& r : ranking.ranks()) {
    bridge_state& owner = *r.bridge;
    if (&owner == &t.bridge) continue;
    const timestamp late = clearly_later(eta, owner, r.estimate.eta, t.now);
    if (none_is_late(owner, late, t.now)) continue;
    const ring<sent_frame>& frames = owner.flight.frames();
    const std::size_t depth = std::min(speculative_depth, frames.size());
    resend_count again;
    for (std::size_t i = 0; i < depth && t.data_room >= data_header; ++i) {
      const sent_frame& f = frames[i];
      if (f.given_up || f.segment() == nullptr) continue;
      const bool overdue = owner.overdue(f, t.now);
      if (!overdue && !owner.gets_no_more() && !reinject.may_copy()) break;
      if ((overdue || f.due > late) && put_copy(t, owner, *f.segment())) again.add(f.stream_bytes());
    }
    tracer.tell_resent(owner.id, t.bridge.id, resend::quicker, again);
  }
}

}  // namespace mtcp::core
