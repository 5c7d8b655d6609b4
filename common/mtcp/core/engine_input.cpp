// Frames that arrive.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/wire/frame_fields.hpp"
#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {
namespace {

bool is_opening(frame_type type) {
  return type == frame_type::open || type == frame_type::listen || type == frame_type::accepted;
}

// Those about a stream; DATA and DATAGRAM have readers of their own.
bool is_stream_control(frame_type type) {
  if (is_opening(type)) return true;
  switch (type) {
    case frame_type::opened:
    case frame_type::refused:
    case frame_type::fin:
    case frame_type::reset:
    case frame_type::stop:
    case frame_type::window:
      return true;
    default:
      return false;
  }
}

// Frames that are worth an acknowledgement: the sender keeps them until it has one.
bool elicits_ack(frame_type type) {
  return type != frame_type::ack && type != frame_type::ping && type != frame_type::pong;
}

}  // namespace

void engine::handle_input(bridge_id id, slice bytes, timestamp now) {
  bridge_state* from = impl_->bridges.find(id);
  if (from != nullptr && !impl_->conduct.failed()) impl_->handle_input(*from, std::move(bytes), now);
}

void engine::impl::handle_input(bridge_state& b, slice bytes, timestamp now) {
  b.received.on_heard(now);
  b.peers_budget.spend(bytes.size());
  const bridge_id id = b.id;
  for (;;) {
    using item = frame_parser::item;
    const item got = b.received.parser.next(bytes);
    if (got == item::need_more) break;
    violation wrong = violation::none;
    if (got == item::malformed) wrong = violation::malformed_frame;
    if (got == item::data) wrong = handle_data(b, now);
    if (got == item::skipped) {
      acks.took(b.received, b.received.parser.frame_size(), ack_speed::usual, now);
      wrong = conduct.on_waste(now);
    }
    if (got == item::control) {
      const frame_type type = b.received.parser.type();
      const std::size_t size = b.received.parser.frame_size();
      wrong = handle_control(b, now);
      if (wrong != violation::none) return fail(wrong);
      if (bridges.find(id) == nullptr) return;  // a frame may close the bridge that it came on
      const bool at_once = type == frame_type::fin || type == frame_type::reset;
      if (!elicits_ack(type)) {
        b.received.on_taken(size, now);
      } else {
        acks.took(b.received, size, at_once ? ack_speed::at_once : ack_speed::usual, now);
      }
    }
    if (wrong != violation::none) return fail(wrong);
  }
  if (streams.receive_memory() > 2 * tunnel_window(terms.own)) fail(violation::flood);
  acks.fire(bridges, now);
}

void engine::impl::fail(violation why) {
  if (conduct.fail(why)) events.push(events::failed{why});
}

violation engine::impl::handle_data(bridge_state& b, timestamp now) {
  violation wrong = violation::none;
  slice piece = b.received.parser.take_piece();
  const std::uint64_t offset = b.received.parser.offset();
  const std::uint64_t end = offset + piece.size();
  b.data_at = now;
  stream_state* s = stream_for(b.received.parser.stream(), wrong);
  ack_speed speed = scheduler.conversing(now) ? ack_speed::calm : ack_speed::usual;
  if (s != nullptr) {
    if (const violation bad = s->receive.check_data(end); bad != violation::none) return bad;
    account_received(*s, end);
    if (credit.overrun()) return violation::window_overrun;
    if (!s->receive.stopped()) {
      const std::size_t size = piece.size();
      reorder_buffer::inserted got;
      streams.receiving(*s, [&](receive_half& half) { got = half.insert(offset, std::move(piece)); });
      counters.payload_received += got.fresh;
      counters.payload_duplicate += size - got.fresh;
      conduct.on_new_bytes(got.fresh);
      if (got.filled_gap) speed = ack_speed::at_once;
      if (s->receive.readable() > 0)
        report_readable(*s);
      else if (windows.on_hole(*s, bridges.rtt_maximum(), now))
        queue_control(*s, control::window);
      if (got.fresh == 0 && b.received.parser.frame_size() > 0)
        wrong = conduct.on_waste(now);  // a frame, however it was cut
    }
  }
  if (const std::size_t size = b.received.parser.frame_size(); size > 0) acks.took(b.received, size, speed, now);
  return wrong;
}

violation engine::impl::handle_control(bridge_state& b, timestamp now) {
  const frame_type type = b.received.parser.type();
  const wire_reader body(b.received.parser.body());
  if (!well_formed(type, body)) return violation::malformed_frame;
  return is_stream_control(type) ? handle_stream_control(type, body, now) : handle_bridge_control(b, type, body, now);
}

violation engine::impl::handle_bridge_control(bridge_state& b, frame_type type, wire_reader body, timestamp now) {
  switch (type) {
    case frame_type::ack:
      return handle_ack(body, now);
    case frame_type::path:
      return handle_path(b, body, now);
    case frame_type::bridge_closed:
      return handle_bridge_closed(body, now);
    case frame_type::ping:
      b.beat.on_ping(body.varint());
      return conduct.on_waste(now);
    case frame_type::pong:
      return handle_pong(b, body, now);
    case frame_type::datagram:
      return handle_datagram(body, now);
    case frame_type::bridge_suspect:
      if (terms.mine != role::client) return violation::unexpected_frame;
      if (const bridge_id id = body.varint(); bridges.find(id) != nullptr) {
        events.push(events::bridge_suspect{id, observer::peer});
        tracer.tell(traced::suspected{id, suspicion::peer, duration::zero()});
      }
      return conduct.on_waste(now);
    case frame_type::goaway:
      if (terms.farewell.on_peer_leaves()) events.push(events::going_away{});
      return conduct.on_waste(now);
    default:
      return violation::unexpected_frame;  // HELLO and WELCOME come before the engine does
  }
}

violation engine::impl::handle_pong(bridge_state& b, wire_reader body, timestamp now) {
  const auto rtt = b.beat.on_pong(body.varint(), now);
  if (!rtt) return violation::none;
  b.path.on_pong(*rtt, now);
  on_progress(b, recovery::pong, now);
  return violation::none;
}

violation engine::impl::handle_ack(wire_reader body, timestamp now) {
  const std::uint64_t count = body.varint();
  for (std::uint64_t i = 0; i < count; ++i) {
    const bridge_id id = body.varint();
    const std::uint64_t taken = body.varint();
    const auto delay = std::chrono::microseconds(std::min(body.varint(), longest_ack_delay));
    if (const violation wrong = acknowledge(id, taken, delay, now); wrong != violation::none) return wrong;
  }
  return violation::none;
}

violation engine::impl::handle_bridge_closed(wire_reader body, timestamp now) {
  const bridge_id id = body.varint();
  const std::uint64_t count = body.varint();
  return settle(id, count, now);
}

violation engine::impl::handle_path(bridge_state& b, wire_reader body, timestamp now) {
  const bridge_id id = body.varint();
  bridge_options options;
  options.role = static_cast<path_role>(body.varint());
  options.carries = static_cast<bridge_options::direction>(body.varint());
  options.rate_limit = body.varint();
  if (id != b.id) return violation::unexpected_frame;
  b.set_options(options);
  return conduct.on_waste(now);
}

violation engine::impl::handle_stream_control(frame_type type, wire_reader body, timestamp now) {
  if (is_opening(type)) return handle_opening(type, body);
  if (type == frame_type::window) return handle_window(body, now);
  violation wrong = violation::none;
  stream_state* s = stream_for(body.varint(), wrong);
  if (s == nullptr) return wrong;
  switch (type) {
    case frame_type::opened:
      return handle_opened(*s, body, now);
    case frame_type::refused:
      return handle_refused(*s, body);
    case frame_type::stop:
      return handle_stop(*s, body);
    default:
      return handle_end(*s, type, body, now);
  }
}

// FIN: final offset. RESET: code, final offset; the bytes before it are still delivered.
violation engine::impl::handle_end(stream_state& s, frame_type type, wire_reader body, timestamp) {
  const bool reset = type == frame_type::reset;
  const reset_code why = reset ? known_reset(body.varint()) : reset_code::reset;
  const std::uint64_t size = body.varint();
  if (const violation bad = s.receive.check_end(size); bad != violation::none) return bad;
  account_received(s, size);
  if (credit.overrun()) return violation::window_overrun;
  const bool news = reset ? s.receive.reset(size, why) : s.receive.finish(size);
  if (!s.receive.stopped()) windows.finish(s, size);
  if (news && !s.receive.stopped()) report_readable(s);
  erase_if_over(s);
  feed_hungry();
  return violation::none;
}

violation engine::impl::handle_stop(stream_state& s, wire_reader body) {
  const reset_code why = known_reset(body.varint());
  if (!s.send.stop()) return violation::none;
  if (!s.closed && s.known()) events.push(events::stopped{s.id, why});
  if (s.send.may_still_reset()) reset_sending(s, why);
  drop_written(s);
  erase_if_over(s);
  return violation::none;
}

violation engine::impl::handle_window(wire_reader body, timestamp now) {
  const stream_id id = body.varint();
  const std::uint64_t limit = body.varint();
  if (id == 0) {
    return credit.raise_limit(limit) ? violation::none : conduct.on_waste(now);
  }
  violation wrong = violation::none;
  stream_state* s = stream_for(id, wrong);
  if (s == nullptr) return wrong;
  if (!s->send.raise_limit(limit)) return conduct.on_waste(now);
  mark_sendable(*s, now);
  return violation::none;
}

}  // namespace mtcp::core
