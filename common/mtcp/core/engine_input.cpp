// Frames that arrive.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/wire/frame_fields.hpp"
#include "mtcp/core/wire/host.hpp"
#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {
namespace {

// Streams over the limit that are over at the peer, but not here.
constexpr std::size_t max_lingering = 256;

// Those about a stream; DATA and DATAGRAM have readers of their own.
bool is_stream_control(frame_type type) {
  switch (type) {
    case frame_type::open:
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
      acks.took(b.received, b.received.parser.frame_size(), true, false, now);
      wrong = conduct.on_waste(now);
    }
    if (got == item::control) {
      const frame_type type = b.received.parser.type();
      const std::size_t size = b.received.parser.frame_size();
      wrong = handle_control(b, now);
      if (wrong != violation::none) return fail(wrong);
      if (bridges.find(id) == nullptr) return;  // a frame may close the bridge that it came on
      acks.took(b.received, size, elicits_ack(type), type == frame_type::fin || type == frame_type::reset, now);
    }
    if (wrong != violation::none) return fail(wrong);
  }
  if (streams.receive_memory() > 2 * tunnel_window(terms.own)) fail(violation::flood);
  acks.fire(bridges, now);
}

void engine::impl::fail(violation why) {
  if (conduct.fail(why)) events.push(events::failed{why});
}

stream_state* engine::impl::stream_for(stream_id id, violation& wrong) {
  if (stream_state* s = streams.find(id)) return s;
  if (id == 0 || (terms.mine == role::client && !streams.was_opened(id))) {
    wrong = violation::unexpected_frame;
  } else if (terms.mine == role::server && !streams.was_seen(id)) {
    // Frames of a new stream may overtake its OPEN.
    const std::size_t most = max_lingering + 2 * terms.own.max_streams;  // ids that are left out count for all time
    if (streams.counted() >= terms.own.max_streams || streams.size() >= most || streams.seen_ranges() > most) {
      wrong = violation::stream_limit;
      return nullptr;
    }
    streams.see(id);
    return &create(id);
  }
  return nullptr;
}

violation engine::impl::handle_data(bridge_state& b, timestamp now) {
  violation wrong = violation::none;
  slice piece = b.received.parser.take_piece();
  const std::uint64_t offset = b.received.parser.offset();
  const std::uint64_t end = offset + piece.size();
  stream_state* s = stream_for(b.received.parser.stream(), wrong);
  bool at_once = false;
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
      at_once = got.filled_gap;
      if (s->receive.readable() > 0) report_readable(*s);
      if (got.fresh == 0 && b.received.parser.frame_size() > 0)
        wrong = conduct.on_waste(now);  // a frame, however it was cut
    }
  }
  if (const std::size_t size = b.received.parser.frame_size(); size > 0)
    acks.took(b.received, size, true, at_once, now);
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
  options.backup = body.varint() == 1;
  options.carries = static_cast<bridge_options::direction>(body.varint());
  options.rate_limit = body.varint();
  if (id != b.id) return violation::unexpected_frame;
  b.set_options(options);
  return conduct.on_waste(now);
}

violation engine::impl::handle_stream_control(frame_type type, wire_reader body, timestamp now) {
  if (type == frame_type::open) return handle_open(body);
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

violation engine::impl::handle_open(wire_reader body) {
  const stream_id id = body.varint();
  const std::uint64_t limit = body.varint();
  const std::uint64_t port = body.varint();
  const std::string_view host = body.string();
  if (terms.mine != role::server) return violation::unexpected_frame;
  violation wrong = violation::none;
  stream_state* s = stream_for(id, wrong);
  if (s == nullptr || s->known()) return wrong;
  s->phase = opening::asked;
  const target to{std::string(host), static_cast<std::uint16_t>(port)};
  const bool sound = is_association(to) || is_host(host);
  if (sound) s->to = to;
  s->send.raise_limit(limit);
  ++counters.streams_total;
  if (terms.farewell.leaving() || !sound) {
    s->phase = opening::refused;
    s->closed = true;
    if (!sound) s->why = refusal::host_unreachable;
    stop_receiving(*s, sound ? reset_code::shutdown : reset_code::refused, false);
    queue_control(*s, control::answer);
    return violation::none;
  }
  events.push(events::incoming{id});
  if (s->receive.readable() > 0 || s->receive.size_known()) report_readable(*s);
  if (s->send.stopped()) events.push(events::stopped{id, s->send.code()});
  return violation::none;
}

violation engine::impl::handle_opened(stream_state& s, wire_reader body, timestamp now) {
  const std::uint64_t limit = body.varint();
  const std::uint64_t port = body.varint();
  const std::string_view host = body.string();
  if (terms.mine != role::client) return violation::unexpected_frame;
  if (!s.undecided()) return violation::none;
  s.phase = opening::answered;
  s.bound = {is_host(host) ? std::string(host) : std::string(), static_cast<std::uint16_t>(port)};
  s.send.raise_limit(limit);
  if (!s.closed) events.push(events::opened{s.id});
  mark_sendable(s, now);
  return violation::none;
}

// The server keeps a refused stream until it knows how many early bytes were sent: RESET tells.
violation engine::impl::handle_refused(stream_state& s, wire_reader body) {
  const refusal why = known_refusal(body.varint());
  if (terms.mine != role::client || s.phase == opening::answered) return violation::unexpected_frame;
  if (s.refused()) return violation::none;
  if (!s.closed) events.push(events::refused{s.id, why});
  s.closed = true;
  s.send.stop();
  reset_sending(s, reset_code::refused);
  drop_written(s);
  s.phase = opening::refused;
  stop_receiving(s, reset_code::refused, false);
  s.receive.finish(s.receive.highest());
  erase_if_over(s);
  return violation::none;
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
