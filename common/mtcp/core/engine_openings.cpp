// Streams that this end opens, and those that the peer does: asked for, answered or refused. The client opens streams
// and listeners; the server, where both ends have agreed to that, streams for connections that a listener has accepted.
#include <algorithm>
#include <utility>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/wire/frame_fields.hpp"
#include "mtcp/core/wire/host.hpp"

namespace mtcp::core {
namespace {

// Streams over the limit that are over at the peer, but not here.
constexpr std::size_t max_lingering = 256;

stream_kind kind_of_opening(frame_type opens) {
  if (opens == frame_type::listen) return stream_kind::listener;
  return opens == frame_type::accepted ? stream_kind::accepted : stream_kind::opened;
}

/// Whether `host` can be what a stream of this kind names: of a connection that was accepted it is only told, and
/// where to listen it may be left to the server.
bool may_name(stream_kind kind, const target& to) {
  if (kind == stream_kind::accepted) return true;
  return is_host(to.host) || (kind == stream_kind::listener ? to.host.empty() : is_association(to));
}

}  // namespace

// Credit for the least that each stream of the server's is given, as there is for those of the client's.
void engine::allow_reverse(std::size_t count) {
  impl& e = *impl_;
  if (count == 0) return;
  e.terms.reverse_streams = count;
  e.streams.share_ids();
  e.credit.widen(count * e.terms.own.early_limit);
  e.controls.announce(e.credit.slot(), {control::tunnel_window, 0});
}

// ---- what this end opens ----

// Nothing is known of the peer's limits before it has answered.
std::size_t engine::impl::streams_allowed() const {
  if (terms.mine == role::server) return terms.reverse_streams;
  return terms.peer ? static_cast<std::size_t>(terms.peer->max_streams) : SIZE_MAX;
}

stream_state* engine::impl::begin(stream_kind kind, const target& to) {
  if (terms.farewell.leaving() || terms.farewell.peer_leaving() || conduct.failed()) return nullptr;
  if (streams.of_ours() >= streams_allowed()) return nullptr;
  stream_state& s = create(streams.take_id());
  s.kind = kind;
  s.to = to;
  s.phase = opening::asked;
  if (kind != stream_kind::listener) windows.open(s);
  s.send.raise_limit(terms.peer ? terms.peer->early_limit : 0);
  ++counters.streams_total;
  queue_control(s, control::open);
  return &s;
}

std::optional<stream_id> engine::open(const target& to, std::span<const std::byte> early, timestamp now) {
  const stream_state* s = impl_->begin(stream_kind::opened, to);
  if (s == nullptr) return {};
  const stream_id id = s->id;
  write(id, early.first(std::min(early.size(), impl_->terms.own.early_limit)), now);
  return id;
}

std::optional<stream_id> engine::listen(const target& at, timestamp) {
  if (impl_->terms.reverse_streams == 0) return {};
  const stream_state* s = impl_->begin(stream_kind::listener, at);
  return s == nullptr ? std::nullopt : std::optional(s->id);
}

std::optional<stream_id> engine::accept(stream_id listener, const target& source, timestamp) {
  if (!impl_->listens(listener)) return {};
  stream_state* s = impl_->begin(stream_kind::accepted, source);
  if (s == nullptr) return {};
  s->listener = listener;
  return s->id;
}

// A listener that goes on, of whose stream nobody has let go.
bool engine::impl::listens(stream_id id) const {
  const stream_state* s = streams.find(id);
  return s != nullptr && s->kind == stream_kind::listener && !s->closed && !s->refused();
}

void engine::answer(stream_id id, const target& bound, timestamp now) {
  stream_state* s = impl_->streams.find(id);
  if (s == nullptr || s->ours || !s->undecided()) return;
  s->phase = opening::answered;
  s->bound = bound;
  if (s->kind != stream_kind::listener) impl_->windows.open(*s);
  impl_->queue_control(*s, control::answer);
  impl_->mark_sendable(*s, now);
}

void engine::refuse(stream_id id, refusal why, timestamp) { impl_->refuse(id, why); }

void engine::impl::refuse(stream_id id, refusal why) {
  stream_state* s = streams.find(id);
  if (s == nullptr || s->ours || !s->undecided()) return;
  s->phase = opening::refused;
  s->why = why;
  s->closed = true;
  events.drop(id);
  stop_receiving(*s, reset_code::refused, false);
  queue_control(*s, control::answer);
}

// ---- what the peer opens ----

stream_state* engine::impl::stream_for(stream_id id, violation& wrong) {
  if (stream_state* s = streams.find(id)) return s;
  const bool ours = streams.is_ours(id);
  if (id == 0 || (ours && !streams.was_opened(id))) {
    wrong = violation::unexpected_frame;
  } else if (!ours && !streams.was_seen(id)) {
    // Frames of a new stream may overtake its OPEN.
    const std::size_t allowed = terms.mine == role::server ? terms.own.max_streams : terms.reverse_streams;
    const std::size_t most = max_lingering + 2 * allowed;  // ids that are left out count for all time
    if (streams.counted() >= allowed || streams.of_peer() >= most || streams.seen_ranges() > most) {
      wrong = violation::stream_limit;
      return nullptr;
    }
    streams.see(id);
    return &create(id);
  }
  return nullptr;
}

// The server names only a listener that the client has asked for, be it over by now.
bool engine::impl::may_open(frame_type type, stream_id id, stream_id listener) const {
  if (id == 0 || streams.is_ours(id)) return false;
  if (type == frame_type::accepted) {
    const stream_state* by = streams.find(listener);
    return terms.mine == role::client && streams.was_opened(listener) &&
           (by == nullptr || by->kind == stream_kind::listener);
  }
  return terms.mine == role::server && (type == frame_type::open || terms.reverse_streams > 0);
}

// OPEN and LISTEN: stream, window, port, host. ACCEPTED has the listener before the port.
violation engine::impl::handle_opening(frame_type type, wire_reader body) {
  const stream_id id = body.varint();
  const std::uint64_t limit = body.varint();
  const stream_id listener = type == frame_type::accepted ? body.varint() : 0;
  const std::uint64_t port = body.varint();
  const std::string_view host = body.string();
  if (!may_open(type, id, listener)) return violation::unexpected_frame;
  violation wrong = violation::none;
  stream_state* s = stream_for(id, wrong);
  if (s == nullptr || s->known()) return wrong;
  s->phase = opening::asked;
  s->kind = kind_of_opening(type);
  s->listener = listener;
  const target to{std::string(host), static_cast<std::uint16_t>(port)};
  const bool sound = may_name(s->kind, to);
  if (sound && (is_host(host) || host.empty())) s->to = to;
  s->send.raise_limit(limit);
  ++counters.streams_total;
  const bool unwanted = terms.farewell.leaving() || (s->kind == stream_kind::accepted && !listens(listener));
  if (unwanted || !sound) {
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
  if (!s.ours) return violation::unexpected_frame;
  if (!s.undecided()) return violation::none;
  s.phase = opening::answered;
  s.bound = {is_host(host) ? std::string(host) : std::string(), static_cast<std::uint16_t>(port)};
  s.send.raise_limit(limit);
  if (!s.closed) events.push(events::opened{s.id});
  mark_sendable(s, now);
  return violation::none;
}

// Who has refused keeps the stream until it knows how many early bytes were sent: RESET tells.
violation engine::impl::handle_refused(stream_state& s, wire_reader body) {
  const refusal why = known_refusal(body.varint());
  if (!s.ours || s.phase == opening::answered) return violation::unexpected_frame;
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

}  // namespace mtcp::core
