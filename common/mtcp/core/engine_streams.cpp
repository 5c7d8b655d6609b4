// The life of a stream inside the engine: creation, its control frames, credit, both ends, removal.
#include <algorithm>
#include <utility>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

// Bytes of tunnel credit below which no frame is spent on telling of more.
constexpr std::uint64_t least_credit_news = 4096;

}  // namespace

stream_state* engine::impl::find(stream_id id) {
  const auto it = streams.find(id);
  return it == streams.end() ? nullptr : it->second.get();
}

const stream_state* engine::impl::find(stream_id id) const {
  const auto it = streams.find(id);
  return it == streams.end() ? nullptr : it->second.get();
}

stream_state& engine::impl::create(stream_id id) {
  auto s = std::make_unique<stream_state>();
  s->id = id;
  ++counted_streams;
  s->receive.window().begin(own, budget);
  if (s->receive.window().hungry(0)) wait_for_budget(*s);
  return *streams.emplace(id, std::move(s)).first->second;
}

// The program has let go of the stream: events that wait for it would name something that it no longer knows.
void engine::impl::drop_events(stream_id id) {
  std::erase_if(waiting_events, [id](const event& e) { return stream_of(e) == id; });
}

void engine::impl::report_readable(stream_state& s) {
  if (s.readable_reported || s.closed || !s.known()) return;
  s.readable_reported = true;
  report(events::readable{s.id});
}

// Asks for a control frame to be sent: there is news. What it says is taken from the state when it is written.
void engine::impl::announce(control_slot& slot, const control_item& item) {
  slot.wanted = true;
  slot.acked = false;
  slot.copies = 0;
  ++slot.version;
  say_again(slot, item);
}

void engine::impl::say_again(control_slot& slot, const control_item& item) {
  if (!std::exchange(slot.queued, true)) controls.push_back(item);
}

void engine::impl::queue_control(stream_state& s, control what) { announce(s.slot(what), {what, s.id}); }

void engine::impl::mark_sendable(stream_state& s, timestamp now) {
  if (s.turn.queued != stream_queue::place::none || !s.send.can_send()) return;
  if (my_role == role::server && s.phase != opening::answered) return;
  s.turn.queued = s.turn.meter.sparse(now) ? stream_queue::place::sparse : stream_queue::place::bulk;
  queue.push(s.id, s.turn.queued);
}

void engine::impl::finish_sending(stream_state& s) {
  if (s.send.begin_fin()) queue_control(s, control::fin);
}

void engine::impl::reset_sending(stream_state& s, reset_code code) {
  if (s.refused()) return;
  bool done = false;
  changing(s, [&] { done = s.send.reset(code); });
  if (done) queue_control(s, control::reset);
}

void engine::impl::stop_receiving(stream_state& s, reset_code code, bool tell_peer) {
  if (s.receive.stopped() || s.receive.read_to_end()) return;
  consumed_total += s.receive.unread();
  s.receive.window().end(s.receive.consumed(), budget);
  changing(s, [&] { s.receive.stop(code); });
  if (tell_peer && !s.receive.size_known()) queue_control(s, control::stop);
  raise_tunnel_credit();
  feed_hungry();
}

void engine::impl::account_received(stream_state& s, std::uint64_t end) {
  const std::uint64_t more = s.receive.advance(end);
  if (more == 0) return;
  received_total += more;
  if (s.receive.stopped()) consumed_total += more;
  raise_tunnel_credit();
}

void engine::impl::consume(stream_state& s, std::size_t bytes, timestamp now) {
  consumed_total += bytes;
  const bool told = s.receive.window().on_read(bytes, s.receive.consumed(), rtt_maximum(), now, own, budget);
  if (!s.receive.size_known()) {
    if (told) {
      queue_control(s, control::window);
    } else if (s.receive.window().hungry(s.receive.consumed())) {
      wait_for_budget(s);
    }
  }
  raise_tunnel_credit();
  feed_hungry();
}

// Worth a frame when a quarter of the window was read, or when the rest that the peer has left would double: streams
// that nobody reads may hold all but a little of it for ever.
void engine::impl::raise_tunnel_credit() {
  const std::uint64_t window = tunnel_window(own);
  const std::uint64_t news = consumed_total + window - granted_total;
  const bool scarce = news >= least_credit_news && news >= granted_total - received_total;
  if (news * 4 < window && !scarce) return;
  granted_total = consumed_total + window;
  announce(tunnel_window_slot, {control::tunnel_window, 0});
}

void engine::impl::wait_for_budget(stream_state& s) {
  if (!std::exchange(s.waits_for_budget, true)) hungry.push_back(s.id);
}

// Streams whose window the budget could not raise take their turn when it has room again.
void engine::impl::feed_hungry() {
  for (std::size_t turns = hungry.size(); turns > 0 && budget.free() > 0; --turns) {
    const stream_id id = hungry.front();
    hungry.pop_front();
    stream_state* s = find(id);
    if (s == nullptr) continue;
    s->waits_for_budget = false;
    if (s->receive.stopped() || s->receive.size_known()) continue;
    if (s->receive.window().raise(s->receive.consumed(), budget)) queue_control(*s, control::window);
  }
}

void engine::impl::wake_writer(stream_state& s) {
  if (!s.writer_waits || s.closed || write_room(s) < chunk_capacity) return;
  s.writer_waits = false;
  report(events::writable{s.id});
}

// The client opens another stream as soon as one is over at its own end. Here that one lingers while its last
// acknowledgement is on the way, or while its program has not read to the end.
void engine::impl::uncount_if_over_at_peer(stream_state& s) {
  if (!s.counted || !(s.maybe_over_at_peer() || s.over())) return;
  s.counted = false;
  --counted_streams;
}

void engine::impl::erase_if_over(stream_state& s) {
  uncount_if_over_at_peer(s);
  if (!s.over()) return;
  if (!s.receive.stopped()) s.receive.window().end(s.receive.consumed(), budget);
  send_memory -= s.send.memory();
  receive_memory -= s.receive.memory();
  held_bytes -= s.receive.held();
  datagrams_in.erase(s.id);
  datagrams_out.erase(s.id);
  streams.erase(s.id);
  feed_hungry();
}

}  // namespace mtcp::core
