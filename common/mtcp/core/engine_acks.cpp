// Acknowledgements. A bridge is FIFO and reliable while it lives, so one count per bridge says it all: the bytes of
// complete frames that this end has taken into its state and will never drop.
#include <algorithm>
#include <chrono>
#include <utility>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// An ACK goes out for so many bytes of one bridge, or when the oldest frame has waited for so long. While a bridge is
// young its sender's cap is small, and an ACK per quarter of it keeps it growing.
constexpr std::uint64_t ack_every = 128 * 1024;
constexpr std::uint64_t ack_every_young = 32 * 1024;
constexpr std::uint64_t young = 1024 * 1024;
constexpr duration ack_delay = milliseconds(5);

// The largest delay of an ACK, in microseconds: nobody waits for longer, and a peer's lie must not overflow a time.
constexpr std::uint64_t longest_delay = 10'000'000;
constexpr std::size_t ack_entry_size = 8 + 8 + 4;
constexpr std::size_t max_ack_entries = 256;

}  // namespace

void engine::impl::took_frame(bridge_state& b, std::size_t size, bool eliciting, bool at_once, timestamp now) {
  b.taken += size;
  b.taken_at = now;
  if (!eliciting) return;
  const std::uint64_t every = b.taken < young ? ack_every_young : ack_every;
  const timestamp when = at_once || b.taken - b.acked_taken >= every ? now : now + ack_delay;
  if (!ack_due || when < *ack_due) ack_due = when;
}

// The quickest bridge carries the counts at once, and within a few ms the one heard from last does so too, so that one
// silent bridge cannot hide all progress. That one tells of several ACKs together: each costs both ends a system call.
void engine::impl::fire_acks(timestamp now) {
  if (!ack_due || *ack_due > now) return;
  ack_due.reset();
  bridge_state* quickest = nullptr;
  for (auto& [id, b] : bridges) {
    if (quickest == nullptr ||
        std::pair(b.suspect, b.rtt_minimum()) < std::pair(quickest->suspect, quickest->rtt_minimum()))
      quickest = &b;
  }
  if (quickest == nullptr) return;
  bridge_state* recent = nullptr;
  for (auto& [id, b] : bridges) {
    if (&b != quickest && (recent == nullptr || b.heard_at > recent->heard_at)) recent = &b;
  }
  const bool news = mark_for_acks(recent != nullptr);
  if (news) quickest->ack_wanted |= bridge_state::first_ack;
  if (recent == nullptr || !(news || second_ack_due)) return;
  if (!second_ack_due) second_ack_due = now + ack_delay;
  if (now < *second_ack_due) return ack_due = second_ack_due, void();
  second_ack_due.reset();
  recent->ack_wanted |= bridge_state::second_ack;
}

// Counts that no ACK has told yet. False if there are none.
bool engine::impl::mark_for_acks(bool twice) {
  bool news = false;
  for (auto& [id, b] : bridges) {
    if (b.taken == b.acked_taken) continue;
    b.acked_taken = b.taken;
    b.ack_copies = bridge_state::first_ack | (twice ? bridge_state::second_ack : 0);
    news = true;
  }
  return news;
}

// ACK: a number of entries, each a bridge, its count, and for how many microseconds the count has been waiting.
void engine::impl::put_acks(transmission& t) {
  const std::uint8_t mine = std::exchange(t.bridge.ack_wanted, std::uint8_t{0});
  if (mine == 0) return;
  std::array<bridge_state*, max_ack_entries> due{};
  const std::size_t most = std::min(max_ack_entries, (t.rest().size() - frame_header_size - 2) / ack_entry_size);
  std::size_t count = 0;
  for (auto& [id, b] : bridges) {
    if ((b.ack_copies & mine) != 0 && count < most) due[count++] = &b;
  }
  if (count == 0) return;
  wire_writer body(t.rest().subspan(frame_header_size));
  body.varint(count);
  for (bridge_state* b : std::span(due).first(count)) {
    b->ack_copies &= static_cast<std::uint8_t>(~mine);
    if ((b->ack_copies & bridge_state::second_ack) != 0) b->acked_taken = b->taken;  // the other one will tell it, too
    body.varint(b->id);
    body.varint(b->taken);
    const auto delay = std::chrono::duration_cast<microseconds>(t.now - b->taken_at).count();
    body.varint(static_cast<std::uint64_t>(std::clamp<std::int64_t>(delay, 0, longest_delay)));
  }
  put_frame_header(t.rest().first<frame_header_size>(), frame_type::ack, body.size());
  t.out.wrote(frame_header_size + body.size());
}

violation engine::impl::handle_ack(wire_reader body, timestamp now) {
  const std::uint64_t count = body.varint();
  for (std::uint64_t i = 0; i < count && body.ok(); ++i) {
    const bridge_id id = body.varint();
    const std::uint64_t taken = body.varint();
    const auto delay = microseconds(std::min(body.varint(), longest_delay));
    if (!body.ok()) break;
    if (const violation wrong = acknowledge(id, taken, delay, now); wrong != violation::none) return wrong;
  }
  return body.complete() ? violation::none : violation::malformed_frame;
}

violation engine::impl::acknowledge(bridge_id id, std::uint64_t count, duration delay, timestamp now) {
  if (const auto live = bridges.find(id); live != bridges.end()) {
    if (count > live->second.flight.sent()) return violation::ack_of_unsent;
    if (count > live->second.flight.acked()) acknowledge_live(live->second, count, delay, now);
  } else if (const auto gone = lost.find(id); gone != lost.end()) {
    gone->second.flight.acknowledge(count, [this](const sent_frame& f) { acknowledge_frame(f); });
  }
  return violation::none;
}

void engine::impl::acknowledge_live(bridge_state& b, std::uint64_t count, duration delay, timestamp now) {
  std::optional<rate_estimator::mark> newest;
  const std::uint64_t bytes = b.flight.acknowledge(count, [&](const sent_frame& f) {
    newest = f.mark;
    acknowledge_frame(f);
  });
  if (!newest) return;
  progress_at = now;
  next_look = {};
  on_progress(b, now);
  newest_acked_sent = std::max(newest_acked_sent, newest->sent);
  const duration sample = now - newest->sent - delay;
  if (sample > duration::zero()) {
    b.rtt.sample(sample, now);
    b.round_rtt = std::min(b.round_rtt, sample);
  }
  if (newest->sent <= b.probing_at) newest->app_limited = true;
  const bool new_round = b.rate.on_ack(bytes, *newest, b.rtt.minimum(), now - delay);
  b.review_rate(now);
  if (new_round) on_round(b, !newest->app_limited);
}

void engine::impl::on_round(bridge_state& b, bool busy) {
  const duration waiting = b.standing_queue();
  b.round_rtt = duration::max();
  b.cap.on_round(b.rate.rate(), busy);
  b.cap.on_queue(waiting, b.rtt.minimum());
  // With the cap in force a round trip exceeds the minimum by a quarter and a few ms. Twice as much, two rounds in a
  // row, is a queue that the remembered rate keeps filling: the path has become slower.
  b.slow_rounds = waiting > b.rtt.minimum() + milliseconds(20) ? b.slow_rounds + 1 : 0;
  if (b.slow_rounds >= 2) b.rate.forget_old_rounds();
}

void engine::impl::acknowledge_frame(const sent_frame& f) {
  if (f.segment() != nullptr) acknowledge_segment(*f.segment());
  if (f.control() != nullptr) acknowledge_control(*f.control());
}

void engine::impl::acknowledge_segment(const sent_segment& f) {
  stream_state* s = find(f.stream);
  if (s == nullptr) return;
  changing(*s, [&] { s->send.acknowledge_segment(f.number); });
  wake_writer(*s);
  erase_if_over(*s);
}

void engine::impl::acknowledge_control(const sent_control& f) {
  control_slot* slot = slot_of(f.item);
  if (slot == nullptr || !slot->says(f.version)) return;
  if (slot->copies > 0) --slot->copies;
  slot->acked = true;
  if (f.item.what == control::bridge_closed) return forget_if_settled(f.item.id);
  if (scope_of(f.item.what) != control_scope::stream) return;
  stream_state* s = find(f.item.id);
  if (f.item.what == control::fin || f.item.what == control::reset) s->send.acknowledge_end();
  erase_if_over(*s);
}

// Without queues: they hold no more than the sender's caps let them, which do not count queues either. And one that
// this end makes itself, by reading slowly, would else raise the window that lets it grow.
duration engine::impl::rtt_maximum() const {
  duration most{0};
  for (const auto& [id, b] : bridges) most = std::max(most, b.rtt_minimum());
  return most;
}

}  // namespace mtcp::core
