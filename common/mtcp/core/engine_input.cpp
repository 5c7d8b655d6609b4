// Frames that arrive.
#include <algorithm>
#include <utility>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/hello.hpp"
#include "mtcp/core/wire.hpp"

namespace mtcp::core {
namespace {

// Streams over the limit that are over at the peer, but not here.
constexpr std::size_t most_lingering = 256;

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

// New stream bytes that pay for one frame that carries nothing: an honest peer sends at most one byte in twenty twice.
constexpr double useful_bytes = 4096;

}  // namespace

void engine::handle_input(bridge_id id, slice bytes, timestamp now) {
  const auto it = impl_->bridges.find(id);
  if (it != impl_->bridges.end() && impl_->failure == violation::none) {
    impl_->handle_input(it->second, std::move(bytes), now);
  }
}

void engine::impl::handle_input(bridge_state& b, slice bytes, timestamp now) {
  b.heard_at = now;
  const bridge_id id = b.id;
  for (;;) {
    using item = frame_parser::item;
    const item got = b.parser.next(bytes);
    if (got == item::need_more) break;
    violation wrong = violation::none;
    if (got == item::malformed) wrong = violation::malformed_frame;
    if (got == item::data) wrong = handle_data(b, now);
    if (got == item::skipped) {
      took_frame(b, b.parser.frame_size(), true, false, now);
      wrong = waste(now);
    }
    if (got == item::control) {
      const frame_type type = b.parser.type();
      const std::size_t size = b.parser.frame_size();
      wrong = handle_control(b, now);
      if (!bridges.contains(id)) return;  // a frame may close the bridge that it came on
      took_frame(b, size, elicits_ack(type), type == frame_type::fin || type == frame_type::reset, now);
    }
    if (wrong != violation::none) return fail(wrong);
  }
  if (receive_memory > 2 * tunnel_window(own)) fail(violation::flood);
  fire_acks(now);
}

// The tunnel is over: whoever breaks the protocol once is not worth guessing at.
void engine::impl::fail(violation why) {
  if (failure != violation::none) return;
  failure = why;
  report(events::failed{why});
}

violation engine::impl::waste(timestamp now) {
  useless.refill(now);
  useless.spend(1);
  return useless.empty() ? violation::flood : violation::none;
}

stream_state* engine::impl::stream_for(stream_id id, violation& wrong) {
  if (stream_state* s = find(id)) return s;
  if (id == 0 || (my_role == role::client && id >= next_stream)) {
    wrong = violation::unexpected_frame;
  } else if (my_role == role::server && !seen_streams.contains(id)) {
    // Frames of a new stream may overtake its OPEN.
    const std::size_t most = most_lingering + 2 * own.max_streams;  // ids that are left out count for all time
    if (counted_streams >= own.max_streams || streams.size() >= most || seen_streams.range_count() > most) {
      wrong = violation::stream_limit;
      return nullptr;
    }
    seen_streams.insert(id);
    return &create(id);
  }
  return nullptr;
}

violation engine::impl::handle_data(bridge_state& b, timestamp now) {
  violation wrong = violation::none;
  slice piece = b.parser.take_piece();
  const std::uint64_t offset = b.parser.offset();
  const std::uint64_t end = offset + piece.size();
  stream_state* s = stream_for(b.parser.stream(), wrong);
  bool at_once = false;
  if (s != nullptr) {
    if (const violation bad = s->receive.check_data(end); bad != violation::none) return bad;
    account_received(*s, end);
    if (received_total > granted_total) return violation::window_overrun;
    if (!s->receive.stopped()) {
      const std::size_t size = piece.size();
      reorder_buffer::inserted got;
      changing(*s, [&] { got = s->receive.insert(offset, std::move(piece)); });
      counters.payload_received += got.fresh;
      counters.payload_duplicate += size - got.fresh;
      useless.earn(static_cast<double>(got.fresh) / useful_bytes);
      at_once = got.filled_gap;
      if (s->receive.readable() > 0) report_readable(*s);
      if (got.fresh == 0 && b.parser.frame_size() > 0) wrong = waste(now);  // a frame, however it was cut
    }
  }
  if (const std::size_t size = b.parser.frame_size(); size > 0) took_frame(b, size, true, at_once, now);
  return wrong;
}

violation engine::impl::handle_control(bridge_state& b, timestamp now) {
  const frame_type type = b.parser.type();
  const wire_reader body(b.parser.body());
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
      b.pong_wanted = body.varint();
      return body.complete() ? waste(now) : violation::malformed_frame;
    case frame_type::pong:
      if (body.varint() == b.ping_number && b.ping_sent && body.complete()) {
        b.rtt.sample(now - *b.ping_sent, now);
        b.ping_sent.reset();
        b.ping_asked.reset();
        on_progress(b, now);
      }
      return body.ok() ? violation::none : violation::malformed_frame;
    case frame_type::datagram:
      return handle_datagram(body, now);
    case frame_type::bridge_suspect:
      if (my_role != role::client) return violation::unexpected_frame;
      if (const bridge_id id = body.varint(); body.complete() && bridges.contains(id)) {
        report(events::bridge_suspect{id, observer::peer});
      }
      return body.complete() ? waste(now) : violation::malformed_frame;
    case frame_type::goaway:
      body.varint();
      if (!std::exchange(peer_going_away, true)) report(events::going_away{});
      return body.complete() ? waste(now) : violation::malformed_frame;
    default:
      return violation::unexpected_frame;  // HELLO and WELCOME come before the engine does
  }
}

violation engine::impl::handle_bridge_closed(wire_reader body, timestamp now) {
  const bridge_id id = body.varint();
  const std::uint64_t count = body.varint();
  if (!body.complete()) return violation::malformed_frame;
  settle(id, count, now);
  return violation::none;
}

violation engine::impl::handle_path(bridge_state& b, wire_reader body, timestamp now) {
  const bridge_id id = body.varint();
  bridge_options options;
  const std::uint64_t backup = body.varint();
  const std::uint64_t direction = body.varint();
  options.rate_limit = body.varint();
  if (!body.complete() || backup > 1 || direction > 2 || options.rate_limit > max_rate_limit)
    return violation::malformed_frame;
  if (id != b.id) return violation::unexpected_frame;
  options.backup = backup == 1;
  options.carries = static_cast<bridge_options::direction>(direction);
  b.set_options(options);
  return waste(now);
}

violation engine::impl::handle_stream_control(frame_type type, wire_reader body, timestamp now) {
  if (type == frame_type::open) return handle_open(body);
  if (type == frame_type::window) return handle_window(body, now);
  violation wrong = violation::none;
  stream_state* s = stream_for(body.varint(), wrong);
  if (!body.ok()) return violation::malformed_frame;
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
  const std::uint64_t credit = body.varint();
  const std::uint64_t port = body.varint();
  const std::string_view host = body.string();
  if (!body.complete() || port > 0xffff || host.size() > 255) return violation::malformed_frame;
  if (my_role != role::server) return violation::unexpected_frame;
  violation wrong = violation::none;
  stream_state* s = stream_for(id, wrong);
  if (s == nullptr || s->known()) return wrong;
  s->phase = opening::asked;
  s->to = {std::string(host), static_cast<std::uint16_t>(port)};
  s->send.raise_limit(credit);
  ++counters.streams_total;
  if (going_away) {
    s->phase = opening::refused;
    s->closed = true;
    stop_receiving(*s, reset_code::shutdown, false);
    queue_control(*s, control::answer);
    return violation::none;
  }
  report(events::incoming{id});
  if (s->receive.readable() > 0 || s->receive.size_known()) report_readable(*s);
  if (s->send.stopped()) report(events::stopped{id, s->send.code()});
  return violation::none;
}

violation engine::impl::handle_opened(stream_state& s, wire_reader body, timestamp now) {
  const std::uint64_t credit = body.varint();
  const std::uint64_t port = body.varint();
  const std::string_view host = body.string();
  if (!body.complete() || port > 0xffff || host.size() > 255) return violation::malformed_frame;
  if (my_role != role::client) return violation::unexpected_frame;
  if (!s.undecided()) return violation::none;
  s.phase = opening::answered;
  s.bound = {std::string(host), static_cast<std::uint16_t>(port)};
  s.send.raise_limit(credit);
  if (!s.closed) report(events::opened{s.id});
  mark_sendable(s, now);
  return violation::none;
}

// The server keeps a refused stream until it knows how many early bytes were sent: RESET tells.
violation engine::impl::handle_refused(stream_state& s, wire_reader body) {
  const std::uint64_t why = body.varint();
  if (!body.complete() || why > 0xff) return violation::malformed_frame;
  if (my_role != role::client || s.phase == opening::answered) return violation::unexpected_frame;
  if (s.refused()) return violation::none;
  if (!s.closed) report(events::refused{s.id, static_cast<refusal>(why)});
  s.closed = true;
  s.send.stop();
  reset_sending(s, reset_code::refused);
  changing(s, [&] { s.send.drop_bytes(); });
  s.phase = opening::refused;
  stop_receiving(s, reset_code::refused, false);
  s.receive.finish(s.receive.highest());
  erase_if_over(s);
  return violation::none;
}

// FIN: final offset. RESET: code, final offset; the bytes before it are still delivered.
violation engine::impl::handle_end(stream_state& s, frame_type type, wire_reader body, timestamp) {
  const bool reset = type == frame_type::reset;
  const std::uint64_t code = reset ? body.varint() : 0;
  const std::uint64_t size = body.varint();
  if (!body.complete()) return violation::malformed_frame;
  if (const violation bad = s.receive.check_end(size); bad != violation::none) return bad;
  account_received(s, size);
  if (received_total > granted_total) return violation::window_overrun;
  const auto why = static_cast<reset_code>(std::clamp<std::uint64_t>(code, 1, 3));
  const bool news = reset ? s.receive.reset(size, why) : s.receive.finish(size);
  if (!s.receive.stopped()) s.receive.window().finish(size, budget);
  if (news && !s.receive.stopped()) report_readable(s);
  erase_if_over(s);
  feed_hungry();
  return violation::none;
}

violation engine::impl::handle_stop(stream_state& s, wire_reader body) {
  const std::uint64_t code = body.varint();
  if (!body.complete()) return violation::malformed_frame;
  if (!s.send.stop()) return violation::none;
  const auto why = static_cast<reset_code>(std::clamp<std::uint64_t>(code, 1, 3));
  if (!s.closed && s.known()) report(events::stopped{s.id, why});
  if (s.send.may_still_reset()) reset_sending(s, why);
  changing(s, [&] { s.send.drop_bytes(); });
  erase_if_over(s);
  return violation::none;
}

violation engine::impl::handle_window(wire_reader body, timestamp now) {
  const stream_id id = body.varint();
  const std::uint64_t limit = body.varint();
  if (!body.complete()) return violation::malformed_frame;
  if (id == 0) {
    if (limit <= sent_limit) return waste(now);
    sent_limit = limit;
    return violation::none;
  }
  violation wrong = violation::none;
  stream_state* s = stream_for(id, wrong);
  if (s == nullptr) return wrong;
  if (!s->send.raise_limit(limit)) return waste(now);
  mark_sendable(*s, now);
  return violation::none;
}

}  // namespace mtcp::core
