#include "mtcp/core/acks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <tuple>
#include <utility>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/wire.hpp"

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
constexpr duration calm_ack_delay = milliseconds(2);

constexpr std::size_t ack_entry_size = 8 + 8 + 4;
constexpr std::size_t max_ack_entries = 256;

/// What a full bridge has in flight waits a little; that is no reason for its acknowledgements to wander.
constexpr double usual_wait = 0.02;

/// Behind what waits on a bridge that has become slow an acknowledgement would take seconds, and the peer would think
/// that nothing of what it sends arrives.
bridge_state* quickest_of(bridge_table& bridges, timestamp now) {
  const auto key = [now](const bridge_state& b) {
    const double wait = std::max(b.queue_seconds() - usual_wait, 0.0);
    return std::tuple(b.progress.suspected(), b.spared_at(now), path_model::seconds(b.path.rtt_minimum()) + wait);
  };
  bridge_state* quickest = nullptr;
  for (auto& [id, b] : bridges.live()) {
    if (b.spent()) continue;
    if (quickest == nullptr || key(b) < key(*quickest)) quickest = &b;
  }
  return quickest;
}

bridge_state* last_heard_of(bridge_table& bridges, const bridge_state* but, timestamp now) {
  bridge_state* recent = nullptr;
  for (auto& [id, b] : bridges.live()) {
    if (&b != but && !b.spent() && !b.spared_at(now) &&
        (recent == nullptr || b.received.heard_at() > recent->received.heard_at()))
      recent = &b;
  }
  return recent;
}

// Counts that no ACK has told yet are to be told. False if there are none.
bool mark(bridge_table& bridges, ack_copy by) {
  bool news = false;
  for (auto& [id, b] : bridges.live()) {
    if (b.received.untold() == 0) continue;
    b.received.tell(by);
    news = true;
  }
  return news;
}

}  // namespace

void acks::took(receipt& from, std::size_t size, ack_speed speed, timestamp now) {
  from.on_taken(size, now);
  const std::uint64_t every = from.taken() < young ? ack_every_young : ack_every;
  const bool at_once = speed == ack_speed::at_once || from.untold() >= every;
  const timestamp when = at_once ? now : now + (speed == ack_speed::calm ? calm_ack_delay : ack_delay);
  if (!due_ || when < *due_) due_ = when;
}

void acks::on_bridge_up(timestamp now) {
  if (std::exchange(without_carrier_, false)) due_ = now;
}

void acks::repeat_all(bridge_table& bridges, timestamp now) {
  for (auto& [id, b] : bridges.live()) b.received.untell();
  due_ = now;
}

// The quickest bridge carries the counts at once, and within a few ms the one heard from last does so too, so that one
// silent bridge cannot hide all progress. That one tells of several ACKs together: each costs both ends a system call.
void acks::fire(bridge_table& bridges, timestamp now) {
  if (!due(now)) return;
  due_.reset();
  bridge_state* quickest = quickest_of(bridges, now);
  without_carrier_ = quickest == nullptr;
  if (without_carrier_) return;
  bridge_state* recent = last_heard_of(bridges, quickest, now);
  const bool news = mark(bridges, recent == nullptr ? ack_copy::first : ack_copy::both);
  if (news) quickest->acks_wanted = with(quickest->acks_wanted, ack_copy::first);
  if (recent == nullptr || !(news || second_due_)) return;
  if (!second_due_) second_due_ = now + ack_delay;
  if (now < *second_due_) {
    due_ = second_due_;
    return;
  }
  second_due_.reset();
  recent->acks_wanted = with(recent->acks_wanted, ack_copy::second);
}

// ACK: a number of entries, each a bridge, its count, and for how many microseconds the count has been waiting.
void acks::put(bridge_table& bridges, bridge_state& carrier, gather_list& out, timestamp now) {
  const ack_copy mine = std::exchange(carrier.acks_wanted, ack_copy::none);
  if (mine == ack_copy::none) return;
  std::array<bridge_state*, max_ack_entries> due{};
  const std::size_t most = std::min(max_ack_entries, (out.rest().size() - frame_header_size - 2) / ack_entry_size);
  std::size_t count = 0;
  for (auto& [id, b] : bridges.live()) {
    if (b.received.to_be_told(mine) && count < most) due[count++] = &b;
  }
  if (count == 0) return;
  wire_writer body(out.rest().subspan(frame_header_size));
  body.varint(count);
  for (bridge_state* b : std::span(due).first(count)) {
    b->received.on_told(mine);
    body.varint(b->id);
    body.varint(b->received.taken());
    const auto delay = std::chrono::duration_cast<microseconds>(now - b->received.taken_at()).count();
    body.varint(static_cast<std::uint64_t>(std::clamp<std::int64_t>(delay, 0, longest_ack_delay)));
  }
  put_frame_header(out.rest().first<frame_header_size>(), frame_type::ack, body.size());
  out.wrote(frame_header_size + body.size());
}

}  // namespace mtcp::core
