// Datagrams of UDP associations: never resent, never in order, soon or not at all.
#include <utility>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/host.hpp"
#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core {
namespace {

constexpr std::size_t min_room = 4 * 1024;

std::size_t body_size(stream_id id, const datagram& d) {
  const std::size_t host = d.peer.host.size();
  return varint_size(id) + varint_size(d.peer.port) + varint_size(host) + host + d.payload.size();
}

}  // namespace

bool engine::send_datagram(stream_id id, const target& peer, std::span<const std::byte> payload, timestamp now) {
  const stream_state* s = impl_->association(id);
  const bool sound = payload.size() <= max_datagram_size && is_host(peer.host);
  if (s == nullptr || !s->send.open() || s->send.stopped() || !sound) return false;
  return impl_->datagrams.out.push(id, {peer, slice::copy_of(payload)}, now);
}

std::optional<datagram> engine::read_datagram(stream_id id) { return impl_->datagrams.in.pop(id); }

/// The open association of that id, or null.
stream_state* engine::impl::association(stream_id id) {
  stream_state* s = streams.find(id);
  return s != nullptr && s->phase == opening::answered && !s->closed && s->is_association() ? s : nullptr;
}

// On the bridge that delivers soonest. One that is cut for the last bytes of room exceeds it: it cannot be split.
void engine::impl::put_datagrams(transmission& t) {
  const auto waiting = static_cast<double>(datagrams.out.bytes());
  if (datagrams.out.empty() || !(ranking.good_for_little(t.bridge, true, t.now) || ranking.may_take(t.bridge, waiting)))
    return;
  while (t.data_room >= min_room) {
    const auto [id, next] = datagrams.out.front(t.now);
    if (next == nullptr) return;
    const std::size_t size = frame_header_size + body_size(id, *next);
    if (t.rest().size() < size || t.bridge.budget.left_for_data() < size) return;
    const auto d = datagrams.out.pop_in_turn(id);
    if (stream_state* s = association(id)) put_datagram(t, *s, *d);
  }
}

// DATAGRAM: stream, port, host, then the payload to the end.
void engine::impl::put_datagram(transmission& t, stream_state& s, const datagram& d) {
  wire_writer body(t.rest().subspan(frame_header_size));
  body.varint(s.id);
  body.varint(d.peer.port);
  body.string(d.peer.host);
  body.bytes(d.payload.bytes());
  put_frame_header(t.rest().first<frame_header_size>(), frame_type::datagram, body.size());
  const std::size_t size = frame_header_size + body.size();
  t.out.wrote(size);
  counters.payload_sent += d.payload.size();
  s.datagram_bytes.bytes_sent += d.payload.size();
  record(t, sent_once(), size);
  t.took(size);
}

// One for an association that has ended, or whose OPEN is still on its way, or with a host that can be none, is dropped
// like any that is lost.
violation engine::impl::handle_datagram(wire_reader body, timestamp now) {
  const stream_id id = body.varint();
  const std::uint64_t port = body.varint();
  const std::string_view host = body.string();
  const auto payload = body.rest();
  stream_state* s = streams.find(id);
  if (s != nullptr && s->known() && !s->is_association()) return violation::unexpected_frame;
  if (association(id) == nullptr || s->receive.stopped() || !is_host(host)) return violation::none;
  const bool first = !datagrams.in.has(id);
  datagram d{{std::string(host), static_cast<std::uint16_t>(port)}, slice::copy_of(payload)};
  if (!datagrams.in.push(id, std::move(d), now)) return violation::none;
  counters.payload_received += payload.size();
  s->datagram_bytes.bytes_received += payload.size();
  if (first) events.push(events::datagram{id});
  return violation::none;
}

}  // namespace mtcp::core
