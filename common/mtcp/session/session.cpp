#include "mtcp/session/session.hpp"
#include "mtcp/session/outcome.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "mtcp/core/base/earlier.hpp"
#include "mtcp/refusal.hpp"

namespace mtcp {
namespace {

// How long leave() waits for the peer to hear of it.
constexpr std::chrono::milliseconds min_patience{500};

// Rounds of offering frames to all bridges before the event loop gets its turn again.
constexpr int max_rounds = 4;

constexpr char hex_digits[] = "0123456789abcdef";

}  // namespace

session::session(core::role role, const core::limits& limits, owner& of, core::timestamp now)
    : role_(role), owner_(of), engine_(role, limits), started_(now) {}

session::~session() { end_streams(connection_reset()); }

// ---- one turn of work ----

void session::changed() {
  if (!ended_) owner_.wake();
}

// TCP_INFO is read before deadlines are checked, since the kernel may know of progress that the engine has not seen;
// and before bridges are ranked: a bridge whose estimate changed after that would look worse than its own rank and
// leave a few bytes to a better one, and each of them might do so for ever.
void session::work(core::timestamp now) {
  if (ended_) return;
  if (traced_) review_tracing();
  for (const auto& [id, b] : bridges_) b->report_tcp_info(engine_, now);
  const auto due = engine_.poll_timeout();
  if (due && *due <= now) engine_.handle_timeout(now);
  dispatch_events(now);
  expire_unanswered(now);
  review_load(now);
  transmit(now);
  dispatch_events(now);
  finish_leaving(now);
}

void session::dispatch_events(core::timestamp now) {
  while (!ended_) {
    const auto what = engine_.poll_event();
    if (!what) return;
    dispatch(*what, now);
  }
}

void session::dispatch(const core::event& what, core::timestamp now) {
  if (role_ == core::role::client) note_quota(what);
  if (const auto* closed = std::get_if<core::events::bridge_closed>(&what)) return close_bridge(*closed);
  if (!dispatch_to_stream(what)) owner_.on_event(what, now);
}

// What the server says of one stream holds for all; one that it opens shows that this is over.
void session::note_quota(const core::event& what) {
  namespace events = core::events;
  const auto* refused = std::get_if<events::refused>(&what);
  const auto* stopped = std::get_if<events::stopped>(&what);
  const bool opened = std::holds_alternative<events::opened>(what);
  const bool used_up = (refused != nullptr && refused->why == core::refusal::quota) ||
                       (stopped != nullptr && stopped->why == core::reset_code::quota);
  if ((!used_up && !opened) || quota_used_up_ == used_up) return;
  quota_used_up_ = used_up;
  if (traced_) traced_(trace::quota_used_up{used_up});
}

bool session::dispatch_to_stream(const core::event& what) {
  namespace events = core::events;
  const auto id = core::stream_of(what);
  const auto found = id ? streams_.find(*id) : streams_.end();
  if (found == streams_.end()) return false;
  stream_listener& to = *found->second;
  if (const auto* refused = std::get_if<events::refused>(&what)) {
    fail_stream(refused->stream, refused->why);
    return true;
  }
  if (std::holds_alternative<events::readable>(what)) to.on_readable();
  if (std::holds_alternative<events::datagram>(what)) to.on_datagram();
  if (std::holds_alternative<events::writable>(what)) to.on_writable();
  if (std::holds_alternative<events::stopped>(what)) to.on_stopped();
  return true;
}

// Users need not tell the two reasons apart: the bridge was given up.
void session::close_bridge(const core::events::bridge_closed& what) {
  if (bridge* b = find_bridge(what.bridge)) b->close(errc::bridge_silent);
}

// What this end sends: the other end decides for itself.
void session::review_load(core::timestamp now) {
  if (!overflow_.due(now)) return;
  const core::active_load seen = engine_.look_at_load();
  overflow_.look(now, seen);
  backup_.look(now, seen);
  admit(core::path_role::overflow, overflow_.open());
  admit(core::path_role::backup, backup_.open());
}

void session::admit(core::path_role role, bool on) {
  if (engine_.admits(role) == on) return;
  engine_.admit(role, on);
  if (traced_) traced_(trace::role_used{traced_name_, role, on});
}

// The quickest bridge is offered first, and all of them again as long as one takes something: what one took changes
// what is best for the others.
void session::transmit(core::timestamp now) {
  if (ended_) return;
  for (int round = 0; round < max_rounds; ++round)
    if (!offer_to_bridges(now)) return;
  changed();
}

bool session::offer_to_bridges(core::timestamp now) {
  bool progress = false;
  for (const core::bridge_id id : engine_.transmit_order(now))
    if (bridge* b = find_bridge(id)) progress |= b->transmit(engine_, now);
  return progress;
}

std::optional<core::timestamp> session::next_deadline() const {
  if (ended_) return std::nullopt;
  std::optional<core::timestamp> next = engine_.poll_timeout();
  for (const auto& due : {leave_by_, unanswered_.next(), overflow_.next_look(), backup_.next_look()})
    core::keep_earlier(next, due);
  return next;
}

// ---- bridges ----

bridge& session::attach(core::bridge_id id, link& connection, const core::bridge_options& use, std::size_t path,
                        core::timestamp now) {
  const auto added = bridges_.emplace(id, std::make_unique<bridge>(id, connection, use, path, now)).first;
  engine_.bridge_up(id, use, now, connection.handshake_rtt());
  if (ended_) added->second->close(errc::going_away);
  if (!engine_.stats_of(id)) added->second->close(errc::bridge_silent);  // the peer has lost it before it came up
  changed();
  return *added->second;
}

session::lost_bridge session::detach(core::bridge_id id, core::timestamp now) {
  const auto found = bridges_.find(id);
  const std::unique_ptr<bridge> gone = std::move(found->second);
  bridges_.erase(found);
  const core::carried_bytes carried = engine_.carried_on(id);
  const lost_bridge told{id,
                         gone->path(),
                         gone->why_closed(),
                         gone->age(now),
                         gone->delivered(engine_),
                         gone->carried(),
                         gone->on_wire(now),
                         carried.sent,
                         carried.received};
  engine_.bridge_down(id, now);
  changed();
  return told;
}

void session::receive(core::bridge_id id, std::span<core::slice> bytes, core::timestamp now) {
  const bridge* from = find_bridge(id);
  if (from == nullptr || from->closed() || bytes.empty()) return;
  for (core::slice& piece : bytes) engine_.handle_input(id, std::move(piece), now);
  changed();
}

void session::on_room(core::bridge_id id) {
  bridge* b = find_bridge(id);
  if (b == nullptr) return;
  b->on_room();
  changed();
}

bridge* session::find_bridge(core::bridge_id id) const {
  const auto found = bridges_.find(id);
  return found == bridges_.end() ? nullptr : found->second.get();
}

std::vector<bridge*> session::bridges() const {
  std::vector<bridge*> all;
  for (const auto& [id, b] : bridges_) all.push_back(b.get());
  std::ranges::sort(all, {}, &bridge::id);
  return all;
}

// ---- streams ----

bool session::close_stream(core::stream_id id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return false;
  found->second->on_closed(core::reset_code::reset);
  return true;
}

std::size_t session::close_streams(core::reset_code why) {
  std::vector<core::stream_id> all;
  for (const auto& [id, one] : streams_)
    if (engine_.kind_of(id) != core::stream_kind::listener) all.push_back(id);
  for (const core::stream_id id : all)
    if (const auto found = streams_.find(id); found != streams_.end()) found->second->on_closed(why);
  return all.size();
}

std::optional<core::stream_id> session::accept(core::stream_id listener, const core::target& source,
                                               core::timestamp now) {
  const auto id = engine_.accept(listener, source, now);
  if (!id) return id;
  unanswered_.add(*id, now);
  changed();
  return id;
}

void session::fail_stream(core::stream_id id, error_code why) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  stream_listener& to = *found->second;
  streams_.erase(found);
  if (traced_) traced_(trace::not_taken{traced_name_, id, why});
  to.on_refused(why);
}

void session::expire_unanswered(core::timestamp now) {
  const auto give_up = [&](core::stream_id id) {
    engine_.reset(id, core::reset_code::reset, now);
    fail_stream(id, timed_out());
  };
  unanswered_.expire(
      now, [this](core::stream_id id) { return engine_.undecided(id); }, give_up);
}

void session::end_streams(error_code why) {
  for (const auto& [id, listener] : std::exchange(streams_, {})) listener->on_session_over(why);
}

// ---- tracing ----

void session::trace_to(const trace::observer& told, std::string name) {
  traced_ = told;
  traced_name_ = std::move(name);
  review_tracing();
}

// Whoever looks closely may begin and end that at any time: asked once a turn.
void session::review_tracing() { engine_.trace_to(traced_.looks_closely() ? this : nullptr); }

void session::on_trace(const core::traced::event& what) { traced_(trace::engine_event{traced_name_, what}); }

// ---- the end ----

void session::leave(core::duration patience, core::timestamp now) {
  if (over()) return;
  leave_by_ = now + (engine_.delivers() ? std::max<core::duration>(patience, min_patience) : min_patience);
  for (const core::stream_id id : engine_.stream_ids()) engine_.reset(id, core::reset_code::shutdown, now);
  end_streams(operation_aborted());
  engine_.go_away(now);
  changed();
}

void session::finish_leaving(core::timestamp now) {
  if (leave_by_ && (engine_.idle() || now >= *leave_by_ || bridges_.empty())) end(errc::going_away);
}

void session::end(error_code why) {
  if (std::exchange(ended_, true)) return;
  end_streams(connection_reset());
  for (const auto& [id, b] : bridges_) b->close(why);
}

std::string short_name(const core::session_id& id) {
  std::string name;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = std::to_integer<unsigned>(id[i]);
    name += {hex_digits[byte >> 4], hex_digits[byte & 15]};
  }
  return name;
}

void session::describe(tunnel_snapshot& out, core::timestamp now) const {
  const bool client = role_ == core::role::client;
  out.uptime = now - started_;
  out.quota_used_up = quota_used_up_;
  out.totals = engine_.stats();
  out.bytes_up = client ? out.totals.payload_sent : out.totals.payload_received;
  out.bytes_down = client ? out.totals.payload_received : out.totals.payload_sent;
  for (const bridge* b : bridges()) b->describe(engine_, role_, now, out.bridges.emplace_back());
  for (const auto& [id, listener] : streams_) describe(id, *listener, out, now);
  out.totals.streams_active -= out.listeners.size();
}

// A listener is no stream to who looks.
void session::describe(core::stream_id id, const stream_listener& one, tunnel_snapshot& out,
                       core::timestamp now) const {
  const bool client = role_ == core::role::client;
  if (engine_.kind_of(id) == core::stream_kind::listener) {
    out.listeners.push_back({.now = listener_snapshot::state::listening, .bound = engine_.bound_address(id)});
    return;
  }
  const core::stream_stats stats = engine_.stats_of_stream(id).value_or(core::stream_stats{});
  const bool is_udp = core::is_association(one.target());
  out.streams.push_back({.id = id,
                         .to = is_udp ? core::target{"udp", 0} : one.target(),
                         .source = one.source(),
                         .bytes_up = client ? stats.bytes_sent : stats.bytes_received,
                         .bytes_down = client ? stats.bytes_received : stats.bytes_sent,
                         .age = now - one.opened_at()});
}

}  // namespace mtcp
