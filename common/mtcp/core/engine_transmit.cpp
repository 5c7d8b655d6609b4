// Filling a bridge that can send. Bytes are bound to a bridge here, as late as possible, and in this order:
//   1 PONG, PING, PATH, ACK and other control
//   2 frames of lost bridges
//   3 overdue frames at the head of other bridges
//   4 new and sparse streams
//   5 bulk streams in turn
//   6 nothing of these: copies of what other bridges are late with
#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

// A control frame never takes more: OPEN with a name of 255 bytes.
constexpr std::size_t control_room = 320;
constexpr std::size_t data_header = frame_header_size + 16;
// One send: more makes a decision too early, and keeps a keystroke waiting.
constexpr std::size_t burst = 256 * 1024;
constexpr std::size_t burst_beside_sparse = 64 * 1024;
// The first bytes of a stream and its tail travel in small frames, for several bridges to share them.
constexpr std::size_t small_segment = 16 * 1024;
constexpr std::uint64_t stream_head = 256 * 1024;
constexpr double frame_seconds = 0.010;
constexpr std::size_t least_segment = 4 * 1024;
// How long after a message of a sparse stream bulk streams leave room for the next one.
constexpr duration conversation = std::chrono::milliseconds(500);
// What sparse streams may have in flight beyond a bridge's cap.
constexpr std::size_t sparse_allowance = 16 * 1024;
constexpr duration look_interval = std::chrono::milliseconds(1);
}  // namespace

void engine::poll_transmit(bridge_id id, gather_list& out, timestamp now) {
  const auto it = impl_->bridges.find(id);
  if (it == impl_->bridges.end() || impl_->failure != violation::none || out.rest().size() < control_room) return;
  impl_->poll_transmit(it->second, out, now);
}

std::size_t engine::send_slack(bridge_id id) const {
  const auto it = impl_->bridges.find(id);
  return it == impl_->bridges.end() ? send_cap().slack(0, duration::zero()) : it->second.slack();
}

// Bytes that bulk streams could send now. A stream whose writer waits for room has more than it shows: as much as its
// credit allows.
double engine::impl::bulk_backlog() const {
  constexpr std::size_t enough = 64;  // streams
  double total = 0;
  const ring<stream_id>& bulk = queue.bulk();
  for (std::size_t i = 0; i < std::min(enough, bulk.size()); ++i) {
    const stream_state* s = find(bulk[i]);
    if (s == nullptr) continue;
    const std::uint64_t credit = s->send.credit();
    total += static_cast<double>(s->writer_waits ? credit : std::min(credit, s->send.buffer().unsent()));
  }
  return std::min(total, static_cast<double>(sent_limit - std::min(sent_limit, sent_total)));
}

// Copies, and which bridges have nothing to do, are questions for when something has been acknowledged or much was
// sent, or for now and then. To ask all bridges for every message that comes and goes cost more than the rest of the
// engine.
bool engine::impl::worth_a_round(timestamp now) {
  if (now < next_look && !anything_waits(now)) return false;
  next_look = now + look_interval;
  return true;
}

bool engine::impl::anything_waits(timestamp now) const {
  using place = stream_queue::place;
  if (!controls.empty() || !resends.empty() || !datagrams_out.empty() || (ack_due && *ack_due <= now)) return true;
  if (!queue.empty(place::sparse) || !queue.empty(place::bulk)) return true;
  return std::any_of(bridges.begin(), bridges.end(), [](const auto& b) { return b.second.has_to_say(); });
}

bool engine::impl::nothing_to_do(const bridge_state& b) const {
  if (b.has_to_say() || !controls.empty()) return false;
  return !b.usable || (b.room() < least_segment && queue.empty(stream_queue::place::sparse));
}

void engine::impl::poll_transmit(bridge_state& b, gather_list& out, timestamp now) {
  assert(out.size() == 0);
  transmission t{b, out, now};
  fire_acks(now);
  if (nothing_to_do(b)) return;
  copies.refill(now);
  b.limiter.refill(now);
  put_pings(t);
  put_path(t);
  put_acks(t);
  if (!controls.empty() && good_for_little(b, false, now)) put_controls(t);
  t.data_room = data_room(t);
  if (b.usable && peer) put_data(t);
  if (!controls.empty() && good_for_little(b, false, now)) put_controls(t);  // FIN, right behind the last byte
  b.flight.on_sent(out.size());
  if (t.data_room >= least_segment || !b.usable) b.rate.on_app_limited(b.flight.in_flight());
  if (out.size() > 0) rerank(b);
}

void engine::impl::put_data(transmission& t) {
  bridge_state& b = t.bridge;
  put_datagrams(t);
  put_resends(t);
  put_overdue(t);
  put_sparse(t);
  if (!queue.empty(stream_queue::place::bulk) && may_take(b, bulk_backlog())) put_streams(t, stream_queue::place::bulk);
  if (t.data_room >= least_segment) {
    // Nothing to send, or no credit for it.
    if (queue.empty(stream_queue::place::bulk) || sent_total >= sent_limit) put_speculative(t);
  }
}

// New and sparse streams do not wait for room: they may exceed the cap a little.
void engine::impl::put_sparse(transmission& t) {
  if (queue.empty(stream_queue::place::sparse) || !good_for_little(t.bridge, true, t.now)) return;
  const std::uint64_t beyond = t.bridge.room_within(t.bridge.send_limit() + sparse_allowance);
  const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(beyond, sparse_allowance));
  const std::size_t bulk_room = t.data_room;
  const std::size_t used = t.out.size();
  t.data_room = std::min(bulk_room + more, t.rest().size() - std::min(t.rest().size(), data_header + control_room));
  put_streams(t, stream_queue::place::sparse);
  t.data_room = bulk_room - std::min(bulk_room, t.out.size() - used);
}

std::size_t engine::impl::data_room(const transmission& t) const {
  const bridge_state& b = t.bridge;
  const bool conversing = t.now < conversing_until;
  const bool calm = conversing || !queue.empty(stream_queue::place::sparse);
  const std::size_t most = std::min(calm ? burst_beside_sparse : burst, b.slack());
  const std::size_t reserve = data_header + control_room;  // for the header of the last frame, and a FIN behind it
  const std::size_t out = t.rest().size();
  if (out <= reserve) return 0;
  if (b.options.rate_limit > 0 && b.limiter.empty()) return 0;
  const std::uint64_t room = conversing ? b.calm_room() : b.room();
  return static_cast<std::size_t>(std::min<std::uint64_t>({room, most, out - reserve}));
}

void engine::impl::put_pings(transmission& t) {
  bridge_state& b = t.bridge;
  if (b.pong_wanted) {
    t.out.wrote(put_frame(t.rest(), frame_type::pong, *b.pong_wanted));
    b.pong_wanted.reset();
  }
  if (b.ping_wanted) {
    b.ping_wanted = false;
    b.ping_sent = t.now;
    t.out.wrote(put_frame(t.rest(), frame_type::ping, ++b.ping_number));
  }
}

// On the bridge that it is about: so none can overtake a later one. What it says of a bridge that is stuck does not
// matter until it moves again.
void engine::impl::put_path(transmission& t) {
  bridge_state& b = t.bridge;
  if (!std::exchange(b.path_wanted, false)) return;
  const bridge_options& o = b.options;
  const std::size_t size = put_frame(t.rest(), frame_type::path, b.id, std::uint64_t{o.backup},
                                     static_cast<std::uint64_t>(o.carries), o.rate_limit);
  t.out.wrote(size);
  record(t, sent_once(), size);
}

// ---- control frames ----

void engine::impl::put_controls(transmission& t) {
  for (std::size_t turns = controls.size(); turns > 0 && t.rest().size() >= control_room; --turns) {
    const control_item item = controls.front();
    controls.pop_front();
    if (!put_control(t, item)) controls.push_back(item);
  }
}

control_slot* engine::impl::slot_of(const control_item& item) {
  switch (item.what) {
    case control::bridge_closed: {
      const auto it = lost.find(item.id);
      return it == lost.end() ? nullptr : &it->second.notice;
    }
    case control::bridge_suspect: {
      const auto it = bridges.find(item.id);
      return it == bridges.end() ? nullptr : &it->second.suspect_notice;
    }
    case control::tunnel_window:
      return &tunnel_window_slot;
    case control::goaway:
      return &goaway_slot;
    default:
      break;
  }
  stream_state* s = find(item.id);
  return s == nullptr ? nullptr : &s->slot(item.what);
}

// False when the frame has to wait for another time.
bool engine::impl::put_control(transmission& t, const control_item& item) {
  control_slot* slot = slot_of(item);
  if (slot == nullptr || !slot->queued) return true;
  stream_state* s = scope_of(item.what) == control_scope::stream ? find(item.id) : nullptr;
  const std::size_t size =
      s != nullptr ? write_stream_control(t.rest(), *s, item.what) : write_tunnel_control(t.rest(), item);
  slot->queued = false;
  if (s != nullptr) uncount_if_over_at_peer(*s);
  if (size == 0) return true;
  t.out.wrote(size);
  ++slot->copies;
  record(t, sent_control{item, slot->version}, size);
  return true;
}

// 0 when there is no longer anything to say.
std::size_t engine::impl::write_stream_control(std::span<std::byte> out, stream_state& s, control what) const {
  switch (what) {
    case control::open:
      return put_open_frame(out, frame_type::open, s.id, s.receive.window().granted(), s.to.port, s.to.host);
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

std::size_t engine::impl::write_tunnel_control(std::span<std::byte> out, const control_item& item) const {
  switch (item.what) {
    case control::tunnel_window:
      return put_frame(out, frame_type::window, std::uint64_t{0}, granted_total);
    case control::bridge_closed:
      return put_frame(out, frame_type::bridge_closed, item.id, lost.at(item.id).taken);
    case control::bridge_suspect:
      return put_frame(out, frame_type::bridge_suspect, item.id);
    default:
      return put_frame(out, frame_type::goaway, std::uint64_t{0});
  }
}

// ---- stream bytes ----

std::size_t engine::impl::segment_limit(const bridge_state& b, const stream_state& s) const {
  const double rate = b.rate_estimate();
  if (rate <= 0) return small_segment;
  const send_buffer& out = s.send.buffer();
  const bool tail = !s.writer_waits && out.unsent() <= stream_head;
  const bool small = b.rate.rate() <= 0 || out.sent() < stream_head || tail;
  const double most = small ? small_segment : max_segment_size;
  return static_cast<std::size_t>(std::clamp(rate * frame_seconds, double{least_segment}, most));
}

void engine::impl::put_streams(transmission& t, stream_queue::place where) {
  while (t.data_room >= least_segment && !queue.empty(where) && sent_total < sent_limit) {
    stream_state* s = find(queue.front(where));
    if (s == nullptr || !s->send.can_send()) {
      queue.pop(where);
      if (s != nullptr) s->turn.queued = stream_queue::place::none;
      continue;
    }
    if (where == stream_queue::place::bulk && s->turn.deficit <= 0) s->turn.deficit += stream_queue::quantum;
    const std::uint64_t credit = std::min(s->send.credit(), sent_limit - sent_total);
    put_new_segment(t, *s,
                    static_cast<std::size_t>(std::min<std::uint64_t>(
                        {s->send.buffer().unsent(), credit, segment_limit(t.bridge, *s), t.data_room})));
    if (!s->send.can_send()) {  // popped in the next turn
      if (where == stream_queue::place::sparse && s->turn.meter.sparse(t.now)) conversing_until = t.now + conversation;
      continue;
    }
    if (where == stream_queue::place::sparse && !s->turn.meter.sparse(t.now)) {
      queue.pop(where);
      s->turn.queued = stream_queue::place::bulk;
      queue.push(s->id, s->turn.queued);
    } else if (where == stream_queue::place::bulk && s->turn.deficit <= 0) {
      queue.rotate(where);
    }
  }
}

void engine::impl::put_new_segment(transmission& t, stream_state& s, std::size_t size) {
  const std::uint64_t number = s.send.cut(size);
  sent_total += size;
  counters.payload_sent += size;
  copies.earn(static_cast<double>(size) * 0.05);
  s.turn.meter.on_sent(size, t.now);
  s.turn.deficit -= static_cast<std::int64_t>(size);
  put_segment(t, s, number);
  finish_sending(s);
  wake_writer(s);
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
  t.data_room -= std::min(t.data_room, frame_header_size + size);
}

// A frame of that size was written.
void engine::impl::record(transmission& t, const sent_frame::content& what, std::size_t frame_size) {
  bridge_state& b = t.bridge;
  sent_frame f;
  f.what = what;
  if (f.stream_bytes() > least_segment) next_look = {};
  f.mark = b.rate.on_send(t.now, b.flight.empty());
  f.due = due(t, f.segment() != nullptr);
  if (b.options.rate_limit > 0) b.limiter.spend(static_cast<double>(frame_size));
  b.flight.add(std::move(f), frame_size, t.out.size());
}

// When the acknowledgement of what is sent now should be here. Of stream bytes nobody knows before a rate was measured.
timestamp engine::impl::due(const transmission& t, bool is_data) const {
  const bridge_state& b = t.bridge;
  if (!b.rtt.known() || (is_data && b.rate.rate() <= 0)) return t.now + std::chrono::seconds(1);
  const auto queued = std::chrono::duration<double>(b.queue_seconds(t.out.size()));
  return t.now + b.rtt.minimum() + send_cap::ack_delay + std::chrono::ceil<duration>(queued);
}

}  // namespace mtcp::core
