// Filling a bridge that can send. Bytes are bound to a bridge here, as late as possible, and in this order:
//   1 PONG, PING, PATH, ACK and other control
//   2 frames of lost bridges
//   3 overdue frames at the head of other bridges
//   4 new and sparse streams, and what was sent of them on other paths
//   5 bulk streams in turn
//   6 nothing of these: copies of what other bridges are late with
#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/wire/extension.hpp"

namespace mtcp::core {
namespace {

constexpr std::size_t control_room = bridge_state::control_room;
// One send: more makes a decision too early, and keeps a keystroke waiting.
constexpr std::size_t burst = 256 * 1024;
constexpr std::size_t burst_beside_sparse = 64 * 1024;
// The first bytes of a stream and its tail travel in small frames, for several bridges to share them.
constexpr std::size_t small_segment = 16 * 1024;
constexpr std::uint64_t stream_head = 256 * 1024;
constexpr double frame_seconds = 0.010;
constexpr std::size_t min_segment = 4 * 1024;
// What sparse streams may have in flight beyond a bridge's cap.
constexpr std::size_t sparse_allowance = 16 * 1024;

}  // namespace

void engine::poll_transmit(bridge_id id, gather_list& out, timestamp now) {
  bridge_state* b = impl_->bridges.find(id);
  if (b == nullptr || impl_->conduct.failed() || out.rest().size() < control_room) return;
  impl_->poll_transmit(*b, out, now);
}

// None if there is nothing to send.
std::span<const bridge_id> engine::transmit_order(timestamp now) {
  impl& e = *impl_;
  if (!e.scheduler.time_for_a_look(now) && !e.anything_waits(now)) return {};
  e.scheduler.on_round(now);
  e.ranking.rank(e.bridges);
  e.ranking.find_hindrances(now);
  return e.ranking.order();
}

std::size_t engine::send_slack(bridge_id id) const {
  const bridge_state* b = impl_->bridges.find(id);
  return b == nullptr ? send_cap().slack(0, duration::zero()) : b->path.slack();
}

// Bytes that bulk streams could send now. A stream whose writer waits for room has more than it shows: as much as its
// credit allows.
double engine::impl::bulk_backlog() const {
  constexpr std::size_t enough = 64;  // streams
  double total = 0;
  const ring<stream_id>& bulk = scheduler.bulk();
  for (std::size_t i = 0; i < std::min(enough, bulk.size()); ++i) {
    const stream_state* s = streams.find(bulk[i]);
    if (s == nullptr) continue;
    const std::uint64_t allowed = s->send.credit();
    total += static_cast<double>(s->program == writer::waits ? allowed : std::min(allowed, s->send.buffer().unsent()));
  }
  return std::min(total, static_cast<double>(credit.room()));
}

bool engine::impl::anything_waits(timestamp now) const {
  if (!controls.empty() || !reinject.empty() || !datagrams.out.empty() || acks.due(now) || !scheduler.empty() ||
      !hedge.empty())
    return true;
  return std::ranges::any_of(bridges.live(), [](const auto& b) { return b.second.has_to_say(); });
}

bool engine::impl::nothing_to_do(const bridge_state& b) const {
  if (b.spent()) return true;
  if (b.has_to_say() || !controls.empty()) return false;
  return !b.usable || (b.room() < min_segment && scheduler.empty(stream_queue::place::sparse) && hedge.empty());
}

// What may be sent now. While somebody waits for single messages that is less.
std::uint64_t engine::impl::cap_room(const bridge_state& b, timestamp now) const {
  return b.room_within(scheduler.conversing(now) ? b.path.calm_cap() : b.path.cap());
}

// Its connection would take bytes, and there are some.
bool engine::impl::held_by_cap(const bridge_state& b, timestamp now) const {
  if (!b.usable || scheduler.empty(stream_queue::place::bulk)) return false;
  return cap_room(b, now) < min_segment;
}

void engine::impl::poll_transmit(bridge_state& b, gather_list& out, timestamp now) {
  assert(out.size() == 0);
  transmission t{b, out, now};
  acks.fire(bridges, now);
  if (held_by_cap(b, now)) on_held_by_cap(b, now);
  if (nothing_to_do(b)) return;
  if (b.budget.limited()) out.limit_rest(b.budget.left());
  b.limiter.refill(now);
  t.max_data = max_data(b);
  put_pings(t);
  put_path(t);
  core::acks::put(bridges, b, out, now);
  if (!controls.empty() && ranking.good_for_little(b, false, now)) put_controls(t);
  t.data_room = data_room(t);
  if (b.usable && terms.peer) offer_data(t);
  if (!controls.empty() && ranking.good_for_little(b, false, now)) put_controls(t);  // FIN, right behind the last byte
  b.flight.on_sent(out.size());
  b.budget.spend(out.size());
  if (t.data_room >= min_segment || !b.usable || b.budget.limited()) b.path.on_app_limited(b.flight.in_flight());
  if (b.options.role == path_role::active && t.data_room >= min_segment && scheduler.empty(stream_queue::place::bulk))
    active_had_room = true;
  if (out.size() > 0) ranking.rerank(b);
}

// It carries as much as it can; how much that is, its path's limit may have decided.
void engine::impl::on_held_by_cap(bridge_state& b, timestamp now) {
  b.path.on_cap_limited();
  b.restraints.note(b.options.rate_limit > 0 ? restraint::rate_limit : restraint::none, now);
}

void engine::impl::offer_data(transmission& t) {
  bridge_state& b = t.bridge;
  if (!b.helps_with_bulk_only() || needs_help(b)) return put_data(t);
  if (!scheduler.empty(stream_queue::place::bulk)) b.restraints.note(restraint_by(b.options.role), t.now);
}

void engine::impl::put_data(transmission& t) {
  put_datagrams(t);
  if (!t.bridge.hinders) {
    put_resends(t);
    put_overdue(t);
  }
  put_sparse(t);
  put_bulk(t);
  if (t.takes_data()) {
    // Nothing to send, or no credit for it.
    if (scheduler.empty(stream_queue::place::bulk) || credit.room() == 0) put_speculative(t);
  }
}

// A bridge that bulk is better off without carries none, but for a trial now and then.
bool engine::impl::carries_bulk(bridge_state& b, timestamp now) {
  if (!b.hinders) {
    if (b.path.settled() && b.chance.on_help()) bridges.on_recovered(b);
    return true;
  }
  if (!b.chance.on_hindrance(now)) return false;
  bridges.on_trial(b, now);
  return true;
}

restraint engine::impl::keeps_from_bulk(bridge_state& b, timestamp now) {
  if (b.over_its_rate()) return restraint::rate_limit;
  if (!needs_help(b)) return restraint_by(b.options.role);
  return carries_bulk(b, now) && ranking.may_take(b, bulk_backlog()) ? restraint::none : restraint::later;
}

void engine::impl::put_bulk(transmission& t) {
  bridge_state& b = t.bridge;
  if (scheduler.empty(stream_queue::place::bulk)) return;
  const restraint why = keeps_from_bulk(b, t.now);
  b.restraints.note(why, t.now);
  if (why != restraint::none) return;
  const std::uint64_t before = counters.payload_sent;
  put_streams(t, stream_queue::place::bulk);
  others_helped = others_helped || (b.helps && counters.payload_sent != before);
}

// New and sparse streams do not wait for room: they may exceed the cap a little.
void engine::impl::put_sparse(transmission& t) {
  const bool first = !scheduler.empty(stream_queue::place::sparse) && ranking.good_for_little(t.bridge, true, t.now);
  if (!first && hedge.empty()) return;
  const std::uint64_t beyond = t.bridge.room_within(t.bridge.path.cap() + sparse_allowance);
  const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(beyond, sparse_allowance));
  const std::size_t bulk_room = t.data_room;
  const std::size_t used = t.out.size();
  const std::size_t rest = t.rest().size() - std::min(t.rest().size(), data_header + control_room);
  t.data_room = std::min({bulk_room + more, rest, t.max_data});
  put_hedged(t);
  if (first) put_streams(t, stream_queue::place::sparse);
  t.data_room = bulk_room - std::min(bulk_room, t.out.size() - used);
}

std::size_t engine::impl::data_room(const transmission& t) const {
  const bridge_state& b = t.bridge;
  const bool calm = scheduler.conversing(t.now) || !scheduler.empty(stream_queue::place::sparse);
  const std::size_t most = std::min(calm ? burst_beside_sparse : burst, b.path.slack());
  const std::size_t reserve = data_header + control_room;  // for the header of the last frame, and a FIN behind it
  const std::size_t out = t.rest().size();
  if (out <= reserve) return 0;
  if (b.over_its_rate()) return 0;
  const std::uint64_t room = cap_room(b, t.now);
  return static_cast<std::size_t>(std::min<std::uint64_t>({room, most, out - reserve, t.max_data}));
}

// The first bytes in small pieces, each a send of its own; and no more than the bridge may carry at all.
std::size_t engine::impl::max_data(const bridge_state& b) {
  const std::size_t at_once = b.young() ? min_segment + data_header : std::numeric_limits<std::size_t>::max();
  return std::min(at_once, b.budget.left_for_data());
}

void engine::impl::put_pings(transmission& t) {
  heartbeat& beat = t.bridge.beat;
  if (const auto number = beat.take_pong()) t.out.wrote(put_frame(t.rest(), frame_type::pong, *number));
  if (beat.ping_wanted()) t.out.wrote(put_frame(t.rest(), frame_type::ping, beat.send_ping(t.now)));
}

// On the bridge that it is about: so none can overtake a later one. What it says of a bridge that is stuck does not
// matter until it moves again.
void engine::impl::put_path(transmission& t) {
  bridge_state& b = t.bridge;
  if (!std::exchange(b.path_wanted, false)) return;
  const bridge_options& o = b.options;
  const std::uint64_t role = o.roles_agreed ? static_cast<std::uint64_t>(o.role) : plain_role(o.role);
  const std::size_t size =
      put_frame(t.rest(), frame_type::path, b.id, role, static_cast<std::uint64_t>(o.carries), o.rate_limit);
  t.out.wrote(size);
  record(t, sent_once(), size);
}

// ---- control frames ----

void engine::impl::put_controls(transmission& t) {
  for (std::size_t turns = controls.size(); turns > 0 && t.rest().size() >= control_room; --turns)
    put_control(t, controls.take());
}

control_slot* engine::impl::slot_of(const control_item& item) {
  switch (item.what) {
    case control::bridge_closed: {
      lost_bridge* gone = bridges.find_lost(item.id);
      return gone == nullptr ? nullptr : &gone->notice;
    }
    case control::bridge_suspect: {
      bridge_state* b = bridges.find(item.id);
      return b == nullptr ? nullptr : &b->progress.notice();
    }
    case control::tunnel_window:
      return &credit.slot();
    case control::goaway:
      return &terms.farewell.slot();
    default:
      break;
  }
  stream_state* s = streams.find(item.id);
  return s == nullptr ? nullptr : &s->slot(item.what);
}

void engine::impl::put_control(transmission& t, const control_item& item) {
  control_slot* slot = slot_of(item);
  if (slot == nullptr || !slot->queued) return;
  slot->queued = false;
  const std::size_t size = write_control(t, item, *slot);
  if (scope_of(item.what) == control_scope::stream) uncount_if_over_at_peer(*streams.find(item.id));
  if (size > 0 && is_message(item.what)) hedge_message(t.bridge, sent_control{item, slot->version}, size, t.now);
}

// Returns the size of the frame, 0 when there is no longer anything to say.
std::size_t engine::impl::write_control(transmission& t, const control_item& item, control_slot& slot) {
  const std::size_t size = scope_of(item.what) == control_scope::stream
                               ? write_stream_control(t.rest(), *streams.find(item.id), item.what)
                               : write_tunnel_control(t.rest(), item);
  if (size == 0) return 0;
  t.out.wrote(size);
  ++slot.copies;
  record(t, sent_control{item, slot.version}, size);
  return size;
}

// 0 when there is no longer anything to say.
std::size_t engine::impl::write_stream_control(std::span<std::byte> out, const stream_state& s, control what) {
  switch (what) {
    case control::open:
      if (s.kind == stream_kind::accepted)
        return put_accepted_frame(out, s.id, s.receive.window().granted(), s.listener, s.to.port, s.to.host);
      return put_open_frame(out, s.kind == stream_kind::listener ? frame_type::listen : frame_type::open, s.id,
                            s.receive.window().granted(), s.to.port, s.to.host);
    case control::answer:
      if (s.refused()) return put_frame(out, frame_type::refused, s.id, static_cast<std::uint64_t>(s.why));
      return put_open_frame(out, frame_type::opened, s.id, s.receive.window().granted(), s.bound.port, s.bound.host);
    case control::fin:
      return s.send.was_reset() ? 0 : put_frame(out, frame_type::fin, s.id, s.send.buffer().end());
    case control::reset:
      return put_frame(out, frame_type::reset, s.id, static_cast<std::uint64_t>(s.send.code()), s.send.buffer().end());
    case control::stop:
      return s.receive.size_known()
                 ? 0
                 : put_frame(out, frame_type::stop, s.id, static_cast<std::uint64_t>(s.receive.stop_code()));
    default:
      return s.receive.size_known() ? 0 : put_frame(out, frame_type::window, s.id, s.receive.window().granted());
  }
}

std::size_t engine::impl::write_tunnel_control(std::span<std::byte> out, const control_item& item) {
  switch (item.what) {
    case control::tunnel_window:
      return put_frame(out, frame_type::window, std::uint64_t{0}, credit.granted());
    case control::bridge_closed:
      return put_frame(out, frame_type::bridge_closed, item.id, bridges.find_lost(item.id)->taken);
    case control::bridge_suspect:
      return put_frame(out, frame_type::bridge_suspect, item.id);
    default:
      return put_frame(out, frame_type::goaway, std::uint64_t{0});
  }
}

// ---- stream bytes ----

// While somebody waits for single messages, too: a frame is acknowledged whole, and until then keeps its place in
// flight.
std::size_t engine::impl::segment_limit(const bridge_state& b, const stream_state& s, bool calm) {
  const double rate = b.path.rate_estimate();
  if (b.young()) return min_segment;
  if (rate <= 0) return small_segment;
  const send_buffer& out = s.send.buffer();
  const bool tail = !s.more_to_come() && out.unsent() <= stream_head;
  const bool small = calm || b.path.best_rate() <= 0 || out.sent() < stream_head || tail;
  const auto most = static_cast<double>(small ? small_segment : max_segment_size);
  return static_cast<std::size_t>(std::clamp(rate * frame_seconds, double{min_segment}, most));
}

void engine::impl::put_streams(transmission& t, stream_queue::place where) {
  using place = stream_queue::place;
  const bool calm = scheduler.conversing(t.now);
  while (t.takes_data() && !scheduler.empty(where) && credit.room() > 0) {
    stream_state* s = streams.find(scheduler.front(where));
    if (s == nullptr || !s->send.can_send()) {
      scheduler.leave(where, s);
      continue;
    }
    if (where == place::bulk) core::scheduler::give_quantum(*s);
    const std::uint64_t allowed = std::min({s->send.buffer().unsent(), s->send.credit(), credit.room()});
    const std::size_t most = std::min({segment_limit(t.bridge, *s, calm), t.data_room, t.largest_segment()});
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(allowed, most));
    const std::uint64_t number = put_new_segment(t, *s, size);
    if (where == place::bulk) {
      hedge.on_bulk(size);
    } else {
      hedge_message(t.bridge, sent_segment{s->id, number, static_cast<std::uint32_t>(size)}, size + data_header, t.now);
    }
    if (s->send.can_send()) {
      scheduler.after_turn(where, *s, t.now);
    } else {
      scheduler.after_last(where, *s, t.now);  // it leaves in the next turn
    }
  }
}

// Returns its number.
std::uint64_t engine::impl::put_new_segment(transmission& t, stream_state& s, std::size_t size) {
  const std::uint64_t number = s.send.cut(size);
  credit.on_sent(size);
  counters.payload_sent += size;
  reinject.on_new_bytes(size);
  core::scheduler::on_sent(s, size, t.now);
  put_segment(t, s, number);
  finish_sending(s);
  wake_writer(s);
  return number;
}

// DATA: stream, offset, bytes. The segment must fit.
void engine::impl::put_segment(transmission& t, stream_state& s, std::uint64_t number) {
  segment& piece = *s.send.find(number);
  wire_writer body(t.rest().subspan(frame_header_size));
  body.varint(s.id);
  body.varint(piece.offset);
  const std::size_t size = body.size() + piece.size;
  put_frame_header(t.rest().first<frame_header_size>(), frame_type::data, size);
  t.out.wrote(frame_header_size + body.size());
  s.send.buffer().gather(piece, t.out);
  ++piece.copies;
  record(t, sent_segment{s.id, number, piece.size}, frame_header_size + size);
  if (piece.copies > 1) piece.late_at = t.bridge.late_at(t.bridge.flight.frames().back());
  t.took(frame_header_size + size);
}

// A frame of that size was written.
void engine::impl::record(transmission& t, const sent_frame::content& what, std::size_t frame_size) {
  bridge_state& b = t.bridge;
  sent_frame f;
  f.what = what;
  if (f.stream_bytes() > min_segment) scheduler.look_soon();
  f.mark = b.path.on_send(t.now, b.flight.empty());
  const std::uint64_t in_flight = b.flight.in_flight() + t.out.size();
  f.alone = path_model::alone(in_flight);
  f.due = b.path.due(in_flight, f.segment() != nullptr, t.now);
  if (b.options.rate_limit > 0) b.limiter.spend(static_cast<double>(frame_size));
  b.flight.add(std::move(f), frame_size, t.out.size());
}

}  // namespace mtcp::core
