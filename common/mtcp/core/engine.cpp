#include "mtcp/core/engine.hpp"

#include <algorithm>
#include <functional>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {

engine::engine(role r, const limits& local) : impl_(std::make_unique<impl>(r, local)) {}
engine::~engine() = default;

std::optional<event> engine::poll_event() {
  const std::optional<event> next = impl_->events.poll();
  if (!next) return {};
  if (const auto* readable = std::get_if<events::readable>(&*next)) {
    if (stream_state* s = impl_->streams.find(readable->stream)) s->readable_reported = false;
  }
  return next;
}

const limits& engine::local_limits() const { return impl_->terms.own; }

void engine::set_peer_limits(const peer_limits& peer, timestamp now) {
  impl& e = *impl_;
  if (e.terms.peer) return;
  e.terms.peer = peer;
  e.credit.raise_limit(peer.tunnel_credit);
  for (auto& [id, s] : e.streams) {
    if (s->ours) s->send.raise_limit(peer.early_limit);
    e.mark_sendable(*s, now);
  }
}

const target& engine::target_of(stream_id id) const {
  static const target none;
  const stream_state* s = impl_->streams.find(id);
  return s == nullptr ? none : s->to;
}

stream_kind engine::kind_of(stream_id id) const {
  const stream_state* s = impl_->streams.find(id);
  return s == nullptr ? stream_kind::opened : s->kind;
}

stream_id engine::listener_of(stream_id id) const {
  const stream_state* s = impl_->streams.find(id);
  return s == nullptr ? 0 : s->listener;
}

bool engine::undecided(stream_id id) const {
  const stream_state* s = impl_->streams.find(id);
  return s != nullptr && s->undecided();
}

const target& engine::bound_address(stream_id id) const {
  static const target none;
  const stream_state* s = impl_->streams.find(id);
  return s == nullptr ? none : s->bound;
}

std::size_t engine::stream_count() const { return impl_->streams.size(); }

bool engine::idle() const {
  const impl& e = *impl_;
  if (!e.streams.empty() || !e.controls.empty()) return false;
  return std::ranges::all_of(e.bridges.live(), [](const auto& b) { return b.second.flight.empty(); });
}

bool engine::delivers() const {
  return std::any_of(impl_->streams.begin(), impl_->streams.end(),
                     [](const auto& entry) { return entry.second->closed && entry.second->send.delivers(); });
}

tunnel_stats engine::stats() const {
  tunnel_stats s = impl_->counters;
  s.streams_active = impl_->streams.size();
  s.reorder_bytes = impl_->streams.held();
  s.receive_memory = impl_->streams.receive_memory();
  s.receive_granted = impl_->windows.granted();
  s.send_memory = impl_->streams.send_memory();
  return s;
}

std::optional<bridge_stats> engine::stats_of(bridge_id id) const {
  const bridge_state* b = impl_->bridges.find(id);
  if (b == nullptr) return {};
  const rtt_estimator& rtt = b->path.rtt();
  bridge_stats s;
  s.bytes_sent = b->flight.sent();
  s.bytes_received = b->received.taken();
  s.retransmitted_bytes = b->retransmitted_bytes;
  s.in_flight = b->flight.in_flight();
  s.cap = b->path.cap();
  s.delivery_rate = static_cast<std::uint64_t>(b->path.best_rate());
  s.rtt = rtt.latest();
  s.rtt_min = rtt.minimum();
  s.budget_used = std::max(b->budget.used(), b->peers_budget.used());
  s.budget_over = b->worn_out();
  s.suspect = b->progress.suspected();
  if (s.suspect) s.suspect_since = b->progress.at();
  return s;
}

carried_bytes engine::carried_on(bridge_id id) const {
  if (const bridge_state* b = impl_->bridges.find(id)) return {b->flight.sent(), b->received.taken()};
  const lost_bridge* gone = impl_->bridges.find_lost(id);
  return gone == nullptr ? carried_bytes{} : carried_bytes{gone->flight.sent(), gone->taken};
}

std::size_t engine::memory() const {
  constexpr std::size_t of_stream = 1'024, of_bridge = 32'768;
  const impl& e = *impl_;
  return e.streams.receive_memory() + e.streams.send_memory() + e.streams.size() * of_stream +
         e.bridges.live().size() * of_bridge;
}

std::vector<std::pair<stream_id, std::size_t>> engine::streams_by_memory() const {
  std::vector<std::pair<stream_id, std::size_t>> all;
  for (const auto& [id, s] : impl_->streams)
    if (const std::size_t held = s->receive.memory() + s->send.memory(); held != 0) all.emplace_back(id, held);
  std::ranges::sort(all, std::greater(), &std::pair<stream_id, std::size_t>::second);
  return all;
}

std::optional<stream_stats> engine::stats_of_stream(stream_id id) const {
  const stream_state* s = impl_->streams.find(id);
  if (s == nullptr) return {};
  return stream_stats{s->send.buffer().end() + s->datagram_bytes.bytes_sent,
                      s->receive.consumed() + s->datagram_bytes.bytes_received};
}

std::vector<stream_id> engine::stream_ids() const {
  std::vector<stream_id> ids;
  ids.reserve(impl_->streams.size());
  for (const auto& [id, s] : impl_->streams) ids.push_back(id);
  return ids;
}

void engine::trace_to(trace_observer* who) { impl_->tracer.tell_to(who); }

}  // namespace mtcp::core
