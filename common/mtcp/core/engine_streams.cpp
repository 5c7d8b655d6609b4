// The life of a stream inside the engine: creation, its control frames, credit, both ends, removal.
#include <algorithm>
#include <utility>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
stream_state& engine::impl::create(stream_id id) {
  stream_state& s = streams.create(id);
  windows.begin(s);
  return s;
}

void engine::impl::report_readable(stream_state& s) {
  if (s.readable_reported || s.closed || !s.known()) return;
  s.readable_reported = true;
  events.push(events::readable{s.id});
}

void engine::impl::mark_sendable(stream_state& s, timestamp now) {
  if (s.ours || s.phase == opening::answered) scheduler.enter(s, now);
}

void engine::impl::finish_sending(stream_state& s) {
  if (s.send.begin_fin()) queue_control(s, control::fin);
}

void engine::impl::reset_sending(stream_state& s, reset_code code) {
  if (s.refused()) return;
  bool done = false;
  streams.sending(s, [&](send_half& half) { done = half.reset(code); });
  if (done) queue_control(s, control::reset);
}

void engine::impl::stop_receiving(stream_state& s, reset_code code, bool tell_peer) {
  if (s.receive.stopped() || s.receive.read_to_end()) return;
  credit.on_consumed(s.receive.unread());
  windows.end(s);
  streams.receiving(s, [&](receive_half& half) { half.stop(code); });
  if (tell_peer && !s.receive.size_known()) queue_control(s, control::stop);
  raise_tunnel_credit();
  feed_hungry();
}

// Nobody reads what was written.
void engine::impl::drop_written(stream_state& s) {
  streams.sending(s, [](send_half& half) { half.drop_bytes(); });
}

void engine::impl::account_received(stream_state& s, std::uint64_t end) {
  const std::uint64_t more = s.receive.advance(end);
  if (more == 0) return;
  credit.on_arrived(more);
  if (s.receive.stopped()) credit.on_consumed(more);
  raise_tunnel_credit();
}

void engine::impl::consume(stream_state& s, std::size_t bytes, timestamp now) {
  credit.on_consumed(bytes);
  if (windows.on_read(s, bytes, bridges.rtt_maximum(), now)) queue_control(s, control::window);
  raise_tunnel_credit();
  feed_hungry();
}

void engine::impl::raise_tunnel_credit() {
  if (credit.raise()) controls.announce(credit.slot(), {control::tunnel_window, 0});
}

void engine::impl::feed_hungry() {
  windows.feed([this](stream_id id) { return streams.find(id); },
               [this](stream_state& s) { queue_control(s, control::window); });
}

void engine::impl::wake_writer(stream_state& s) {
  if (s.program != writer::waits || s.closed || write_room(s) < chunk_capacity) return;
  s.program = writer::woken;
  events.push(events::writable{s.id});
}

void engine::impl::uncount_if_over_at_peer(stream_state& s) {
  if (s.maybe_over_at_peer() || s.over()) streams.uncount(s);
}

void engine::impl::erase_if_over(stream_state& s) {
  uncount_if_over_at_peer(s);
  if (!s.over()) return;
  if (!s.receive.stopped()) windows.end(s);
  datagrams.erase(s.id);
  streams.erase(s);
  feed_hungry();
}

}  // namespace mtcp::core
