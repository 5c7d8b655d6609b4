#include "mtcp/net/session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "mtcp/net/error.hpp"
#include "mtcp/net/stream_state.hpp"

namespace mtcp {
namespace {

// How long leave() waits for the peer to hear of it.
constexpr std::chrono::milliseconds least_patience{500};

// Rounds of offering frames to all bridges before the event loop gets its turn again.
constexpr int rounds_most = 4;

constexpr char hex_digits[] = "0123456789abcdef";

// Takes a bridge off its session however its coroutine ends; also when the event loop is destroyed under it.
class attachment {
 public:
  attachment(std::unordered_map<core::bridge_id, bridge*>& bridges, session& owner, bridge& carrier)
      : bridges_(bridges), owner_(owner), carrier_(carrier) {
    bridges_.emplace(carrier.id(), &carrier);
  }
  attachment(const attachment&) = delete;
  attachment& operator=(const attachment&) = delete;
  ~attachment() {
    bridges_.erase(carrier_.id());
    owner_.engine().bridge_down(carrier_.id(), owner_.now());
    owner_.changed();
  }

 private:
  std::unordered_map<core::bridge_id, bridge*>& bridges_;
  session& owner_;
  bridge& carrier_;
};

}  // namespace

session::session(const executor& where, core::role role, const core::limits& limits, listener& owner)
    : executor_(where), role_(role), owner_(owner), engine_(role, limits), deadline_(where) {}

session::~session() { orphan_streams(asio::error::connection_reset); }

core::timestamp session::now() const {
  return std::chrono::duration_cast<core::timestamp>(std::chrono::steady_clock::now().time_since_epoch());
}

// ---- one turn of work ----

void session::changed() {
  if (work_is_posted_ || ended_) return;
  work_is_posted_ = true;
  asio::post(executor_, lifeline_.guard([this] { work(); }));
}

void session::work() {
  work_is_posted_ = false;
  if (ended_) return;
  const core::timestamp at = now();
  report_path_info(at);
  const auto due = engine_.poll_timeout();
  if (due && *due <= at) engine_.handle_timeout(at);
  dispatch_events();
  transmit(at);
  dispatch_events();
  finish_leaving(at);
  arm_deadline();
}

// Before deadlines: the kernel may know of progress that the engine has not seen. And before bridges are ranked: one
// whose estimate changed after that would look worse than its own rank, refuse a few bytes for the sake of a better
// one, and so might each of them, for good.
void session::report_path_info(core::timestamp at) {
  for (const auto& [id, carrier] : bridges_) carrier->report_path_info(engine_, at);
}

void session::dispatch_events() {
  while (!ended_) {
    const auto what = engine_.poll_event();
    if (!what) return;
    dispatch(*what);
  }
}

void session::dispatch(const core::event& what) {
  using type = core::event::type;
  switch (what.kind) {
    case type::readable:
    case type::datagram:
    case type::writable:
    case type::stopped:
      if (dispatch_to_stream(what)) return;
      break;
    case type::bridge_closed:
      return close_bridge(what);
    default:
      break;
  }
  owner_.on_event(what);
}

bool session::dispatch_to_stream(const core::event& what) {
  const auto found = streams_.find(what.id);
  if (found == streams_.end()) return false;
  detail::stream_state& to = *found->second;
  if (what.kind == core::event::type::readable) to.on_readable();
  if (what.kind == core::event::type::datagram) to.on_datagram();
  if (what.kind == core::event::type::writable) to.on_writable();
  if (what.kind == core::event::type::stopped) to.on_stopped();
  return true;
}

void session::close_bridge(const core::event& what) {
  const bool broke_protocol = what.code != static_cast<std::uint64_t>(core::violation::none);
  if (bridge* carrier = find_bridge(what.id))
    carrier->close(broke_protocol ? errc::protocol_violation : errc::bridge_silent);
}

void session::transmit() {
  if (!ended_) transmit(now());
}

// The quickest bridge is offered first, and all of them again as long as one takes something: what one took changes
// what is best for the others.
void session::transmit(core::timestamp at) {
  for (int round = 0; round < rounds_most; ++round)
    if (!offer_to_bridges(at)) return;
  changed();
}

bool session::offer_to_bridges(core::timestamp at) {
  bool progress = false;
  for (const core::bridge_id id : engine_.transmit_order(at))
    if (bridge* carrier = find_bridge(id)) progress |= carrier->transmit(*this, at);
  return progress;
}

// The timer is only moved forward; one that fires too early finds nothing to do and is set again.
void session::arm_deadline() {
  auto due = engine_.poll_timeout();
  if (leave_by_ && (!due || *leave_by_ < *due)) due = leave_by_;
  if (!due || (armed_for_ && *armed_for_ <= *due)) return;
  armed_for_ = due;
  deadline_.expires_at(timer::time_point(*due));
  deadline_.async_wait(lifeline_.guard([this](error_code error) {
    if (error) return;
    armed_for_.reset();
    changed();
  }));
}

// ---- bridges ----

task<error_code> session::run_bridge(bridge& carrier, std::vector<core::slice> first) {
  const attachment attached(bridges_, *this, carrier);
  engine_.bridge_up(carrier.id(), carrier.use(), now());
  changed();
  const error_code why = co_await carrier.read_all(*this, std::move(first));
  co_return why;
}

bridge* session::find_bridge(core::bridge_id id) const {
  const auto found = bridges_.find(id);
  return found == bridges_.end() ? nullptr : found->second;
}

std::vector<bridge*> session::bridges() const {
  std::vector<bridge*> all;
  for (const auto& [id, carrier] : bridges_) all.push_back(carrier);
  std::sort(all.begin(), all.end(), [](const bridge* a, const bridge* b) { return a->id() < b->id(); });
  return all;
}

// ---- streams ----

void session::add_stream(detail::stream_state& added) { streams_.emplace(added.id(), &added); }
void session::remove_stream(core::stream_id id) { streams_.erase(id); }

bool session::reset_stream(core::stream_id id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return false;
  found->second->reset(core::reset_code::reset);
  return true;
}

void session::orphan_streams(error_code why) {
  for (const auto& [id, state] : std::exchange(streams_, {})) state->orphan(why);
}

// ---- the end ----

void session::leave(std::chrono::milliseconds patience) {
  if (ended_ || leave_by_) return;
  leave_by_ = now() + (engine_.delivers() ? std::max(patience, least_patience) : least_patience);
  for (const core::stream_id id : engine_.stream_ids()) engine_.reset(id, core::reset_code::shutdown);
  orphan_streams(asio::error::operation_aborted);
  engine_.go_away();
  changed();
}

void session::finish_leaving(core::timestamp at) {
  if (leave_by_ && (engine_.idle() || at >= *leave_by_ || bridges_.empty())) end(errc::going_away);
}

void session::end(error_code why) {
  if (std::exchange(ended_, true)) return;
  orphan_streams(asio::error::connection_reset);
  deadline_.cancel();
  for (const auto& [id, carrier] : bridges_) carrier->close(why);
}

std::string short_name(const core::session_id& id) {
  std::string name;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = std::to_integer<unsigned>(id[i]);
    name += {hex_digits[byte >> 4], hex_digits[byte & 15]};
  }
  return name;
}

void session::describe(tunnel_snapshot& out) const {
  const bool client = role_ == core::role::client;
  const std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  out.uptime = at - started_;
  out.totals = engine_.stats();
  out.bytes_up = client ? out.totals.payload_sent : out.totals.payload_received;
  out.bytes_down = client ? out.totals.payload_received : out.totals.payload_sent;
  for (const bridge* carrier : bridges()) carrier->describe(*this, out.bridges.emplace_back());
  for (const auto& [id, state] : streams_) {
    const core::stream_stats stats = engine_.stats_of_stream(id).value_or(core::stream_stats{});
    const bool is_udp = core::is_association(state->target());
    out.streams.push_back({.id = id,
                           .to = is_udp ? core::target{"udp", 0} : state->target(),
                           .bytes_up = client ? stats.bytes_sent : stats.bytes_received,
                           .bytes_down = client ? stats.bytes_received : stats.bytes_sent,
                           .age = at - state->opened_at()});
  }
}

}  // namespace mtcp
