#include "mtcp/core/engine.hpp"

#include <algorithm>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {

engine::engine(role r, const limits& local) : impl_(std::make_unique<impl>(r, local)) {}
engine::~engine() = default;

std::optional<event> engine::poll_event() {
  std::deque<event>& waiting = impl_->waiting_events;
  if (waiting.empty()) return {};
  const event e = waiting.front();
  waiting.pop_front();
  if (const auto* readable = std::get_if<events::readable>(&e)) {
    if (stream_state* s = impl_->find(readable->stream)) s->readable_reported = false;
  }
  return e;
}

const limits& engine::local_limits() const { return impl_->own; }

void engine::set_peer_limits(const peer_limits& peer, timestamp now) {
  impl& e = *impl_;
  if (e.peer) return;
  e.peer = peer;
  e.sent_limit = std::max(e.sent_limit, peer.tunnel_credit);
  for (auto& [id, s] : e.streams) {
    if (e.my_role == role::client) s->send.raise_limit(peer.early_limit);
    e.mark_sendable(*s, now);
  }
}

const target& engine::target_of(stream_id id) const {
  static const target none;
  const stream_state* s = impl_->find(id);
  return s == nullptr ? none : s->to;
}

const target& engine::bound_address(stream_id id) const {
  static const target none;
  const stream_state* s = impl_->find(id);
  return s == nullptr ? none : s->bound;
}

std::size_t engine::stream_count() const { return impl_->streams.size(); }

bool engine::idle() const {
  const impl& e = *impl_;
  if (!e.streams.empty() || !e.controls.empty()) return false;
  return std::all_of(e.bridges.begin(), e.bridges.end(), [](const auto& b) { return b.second.flight.empty(); });
}

bool engine::delivers() const {
  return std::any_of(impl_->streams.begin(), impl_->streams.end(),
                     [](const auto& entry) { return entry.second->closed && entry.second->send.delivers(); });
}

tunnel_stats engine::stats() const {
  tunnel_stats s = impl_->counters;
  s.streams_active = impl_->streams.size();
  s.reorder_bytes = impl_->held_bytes;
  s.receive_memory = impl_->receive_memory;
  s.receive_granted = impl_->budget.granted();
  s.send_memory = impl_->send_memory;
  return s;
}

std::optional<bridge_stats> engine::stats_of(bridge_id id) const {
  const auto it = impl_->bridges.find(id);
  if (it == impl_->bridges.end()) return {};
  const bridge_state& b = it->second;
  bridge_stats s;
  s.bytes_sent = b.flight.sent();
  s.bytes_received = b.taken;
  s.payload_resent = b.payload_resent;
  s.in_flight = b.flight.in_flight();
  s.cap = b.send_limit();
  s.delivery_rate = static_cast<std::uint64_t>(b.rate.rate());
  s.rtt = b.rtt.latest();
  s.rtt_min = b.rtt.known() ? b.rtt.minimum() : duration::zero();
  s.suspect = b.suspect;
  return s;
}

std::optional<stream_stats> engine::stats_of_stream(stream_id id) const {
  const stream_state* s = impl_->find(id);
  if (s == nullptr) return {};
  return stream_stats{s->send.buffer().end() + s->datagram_bytes_sent,
                      s->receive.consumed() + s->datagram_bytes_received};
}

std::vector<stream_id> engine::stream_ids() const {
  std::vector<stream_id> ids;
  ids.reserve(impl_->streams.size());
  for (const auto& [id, s] : impl_->streams) ids.push_back(id);
  return ids;
}

}  // namespace mtcp::core
