#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/outcome.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace mtcp {
namespace {

// Between looks whether those that have carried all that they may can be closed.
constexpr std::chrono::milliseconds spent_interval{10};

void put_off_to(std::optional<core::timestamp>& next, std::optional<core::timestamp> when) {
  if (when) next = next ? std::min(*next, *when) : when;
}

}  // namespace

client_policy::client_policy(client_settings settings, waker& woken, openings::listener& openers,
                             trace::observer traced)
    : settings_(std::move(settings)), waker_(woken), trace_(std::move(traced)), openings_(openers) {
  if (settings_.paths.empty()) throw std::invalid_argument("a tunnel needs a path");
  std::uint64_t seed = settings_.seed;
  for (const path_settings& one : settings_.paths) {
    if (one.bridges == 0) throw std::invalid_argument("a path needs a bridge");
    paths_.emplace_back(one, backoff(settings_.first_backoff, settings_.longest_backoff, ++seed));
  }
}

void client_policy::trace_event(const trace::event& what) const {
  if (trace_) trace_(what);
}

// ---- commands ----

void client_policy::start(core::timestamp now) {
  if (stage_ != stage::idle) return;
  stage_ = stage::running;
  maintain(now);
  waker_.wake();  // for its deadline
}

void client_policy::stop(core::duration patience, core::timestamp now) {
  stage_ = stage::stopped;
  actions_.clear();
  openings_.fail_all(operation_aborted());
  if (bridge_count() != 0) {
    session_->core.leave(patience, now);
  } else {
    end_session(errc::going_away);
  }
}

void client_policy::open(std::uint64_t ticket, core::target to, std::vector<std::byte> early, core::timestamp now) {
  openings_.add(ticket, std::move(to), std::move(early), now + settings_.resume_timeout);
  if (session_ && !session_->server_leaves) return openings_.submit(session_->core, now);
  maintain_soon();  // which sets the deadline
}

void client_policy::cancel_open(std::uint64_t ticket, core::timestamp now) {
  openings_.cancel(ticket, session_ ? &session_->core : nullptr, now);
}

bool client_policy::close_stream(core::stream_id id) { return session_ && session_->core.close_stream(id); }

bool client_policy::enable_bridge(core::bridge_id id, bool on) {
  bridge* b = session_ ? session_->core.find_bridge(id) : nullptr;
  if (b == nullptr) return false;
  b->set_rest(session_->core.engine(), bridge::rest::disabled, !on);
  session_->core.changed();
  share_rate(b->path());
  trace_event(trace::bridge_enabled{id, on});
  return true;
}

// ---- turns ----

void client_policy::work(core::timestamp now) {
  const session_ref at_work = session_;  // it may end meanwhile
  if (at_work) at_work->core.work(now);
  review_budgets(now);
  const bool due = next_maintenance_ && *next_maintenance_ <= now;
  if (maintenance_wanted_ || due) maintain(now);
}

std::optional<core::timestamp> client_policy::next_deadline() const {
  std::optional<core::timestamp> next = next_maintenance_;
  if (session_) put_off_to(next, session_->core.next_deadline());
  return next;
}

void client_policy::on_event(const core::event& what, core::timestamp now) {
  namespace events = core::events;
  if (core::stream_of(what)) return openings_.on_event(session_->core, what, now);
  const auto on_going_away = [&](const events::going_away&) {
    session_->server_leaves = true;
    trace_event(trace::server_leaving{});
    if (bridge_count() == 0) on_last_bridge_lost(now);  // it said so right before that one ended
  };
  const auto on_failed = [this](const events::failed&) {
    end_session(errc::protocol_violation, "the server broke the protocol: the tunnel is over");
  };
  std::visit(core::overloaded{
                 [&](const events::bridge_suspect& e) { on_suspect(e, now); },
                 [this](const events::bridge_recovered& e) { on_recovered(e); },
                 on_going_away,
                 on_failed,
                 [](const auto&) {},
             },
             what);
}

void client_policy::on_suspect(const core::events::bridge_suspect& what, core::timestamp now) {
  if (bridge* b = session_->core.find_bridge(what.bridge)) {
    b->suspect(now + settings_.suspicion);
    note_silence(*b, now);
    trace_event(trace::bridge_suspected{what.bridge, paths_[b->path()].where()});
  }
  maintain_soon();
}

// Its replacement may be one too many.
void client_policy::on_recovered(const core::events::bridge_recovered& what) {
  const bridge* b = session_->core.find_bridge(what.bridge);
  if (b != nullptr && paths_[b->path()].watch) paths_[b->path()].watch->freezes().recovered(what.bridge);
  maintain_soon();
}

void client_policy::maintain_soon() {
  maintenance_wanted_ = true;
  waker_.wake();
}

void client_policy::maintain(core::timestamp now) {
  maintenance_wanted_ = false;
  if (session_expires_ && *session_expires_ <= now)
    end_session(errc::session_expired, "no bridge came back in time: streams are reset");
  openings_.expire(now);
  tune(now);
  rotate(now);
  for (std::size_t i = 0; i < paths_.size(); ++i) maintain(i, now);
  next_maintenance_ = next_maintenance(now);
}

void client_policy::maintain(std::size_t index, core::timestamp now) {
  path& p = paths_[index];
  while (stage_ == stage::running) {
    const auto when = p.next_dial(healthy_bridges(index, now), up_bridges(index));
    if (!when || *when > now) break;
    p.pace.begun(now, up_bridges(index) + p.dialling, p.renewal());
    ++p.dialling;
    p.last_dial = now;
    const dial_id id = ++last_dial_;
    dials_.emplace(id, pending{.path = index, .begun = now});
    actions_.push_back(dial{id, index, p.pace.patience()});
    trace_event(trace::dialling{p.settings.name});
  }
  if (session_) retire_surplus(index, now);
  share_rate(index);
}

// One deadline for all that waits: the session without bridges, streams without a session, paths that pause,
// bridges that count as suspects for a while.
std::optional<core::timestamp> client_policy::next_maintenance(core::timestamp now) {
  std::optional<core::timestamp> next = session_expires_;
  if (stage_ == stage::stopped) return next;
  put_off_to(next, openings_.next_expiry());
  if (has_spent_bridges()) put_off_to(next, now + spent_interval);
  for (std::size_t i = 0; i < paths_.size() && stage_ == stage::running; ++i) {
    put_off_to(next, paths_[i].next_dial(healthy_bridges(i, now), up_bridges(i)));
    put_off_to(next, next_end_of_suspicion(i, now));
    if (session_ && paths_[i].tuner) put_off_to(next, for_tuner_.next());
    if (session_ && paths_[i].watch) put_off_to(next, for_rotation_.next());
  }
  return next;
}

// ---- keeping bridges up ----

std::vector<bridge*> client_policy::bridges_of(std::size_t index) const {
  if (!session_) return {};
  std::vector<bridge*> of_path = session_->core.bridges();
  std::erase_if(of_path, [index](const bridge* b) { return b->path() != index; });
  return of_path;
}

// Those that are retired are on their way out.
std::size_t client_policy::up_bridges(std::size_t index) const {
  const auto stays = [](const bridge* b) { return !b->rests_for(bridge::rest::retired); };
  return static_cast<std::size_t>(std::ranges::count_if(bridges_of(index), stays));
}

std::size_t client_policy::healthy_bridges(std::size_t index, core::timestamp now) const {
  const auto healthy = [&](const bridge* b) { return b->healthy(session_->core.engine(), now) && !outgoing(*b); };
  return static_cast<std::size_t>(std::ranges::count_if(bridges_of(index), healthy));
}

// When the next suspect may count as well again: not before that can its replacement be one too many.
std::optional<core::timestamp> client_policy::next_end_of_suspicion(std::size_t index, core::timestamp now) const {
  std::optional<core::timestamp> next;
  for (const bridge* b : bridges_of(index))
    if (b->suspected_until() > now) put_off_to(next, b->suspected_until());
  return next;
}

// The limit of a path is for all of its bridges together.
void client_policy::share_rate(std::size_t index) {
  if (paths_[index].settings.use.rate_limit == 0 || !session_) return;
  std::vector<bridge*> sharers = bridges_of(index);
  std::erase_if(sharers, [](const bridge* b) { return !b->in_use(); });
  for (bridge* b : sharers)
    if (b->limit_rate(session_->core.engine(), paths_[index].rate_share(sharers.size()))) session_->core.changed();
}

// More bridges than wanted: fewer do as well, or suspects were replaced and have recovered. The oldest go; what is
// under way on them is sent again. As long as that is a trial they only rest.
void client_policy::retire_surplus(std::size_t index, core::timestamp now) {
  core::engine& engine = session_->core.engine();
  const path& p = paths_[index];
  const bool for_good = !p.tuner || p.tuner->settled();
  std::size_t healthy = healthy_bridges(index, now);
  for (bridge* b : bridges_of(index)) {
    if (!b->healthy(engine, now) || outgoing(*b)) continue;
    const bool surplus = healthy > p.wanted();
    if (surplus) --healthy;
    if (surplus && for_good) {
      b->close(errc::not_needed);
    } else if (b->set_rest(engine, bridge::rest::surplus, surplus)) {
      session_->core.changed();
    }
  }
}

// There is no room for one more suspect: the one that has been silent for longest goes, now that its replacement has
// shown that the network lets others through.
void client_policy::replace_suspect(std::size_t index, core::timestamp now) {
  if (!paths_[index].crowded(up_bridges(index))) return;
  std::vector<bridge*> suspects = bridges_of(index);
  std::erase_if(suspects, [&](const bridge* b) { return b->healthy(session_->core.engine(), now); });
  const auto longest = std::ranges::min_element(suspects, {}, &bridge::suspected_until);
  if (longest != suspects.end()) (*longest)->close(errc::bridge_silent);
}

std::uint64_t client_policy::stream_bytes() const {
  const core::tunnel_stats totals = session_->core.engine().stats();
  return totals.payload_sent + totals.payload_received;
}

// One path at a time: whether a trial helps is seen in what the whole tunnel carries.
void client_policy::tune(core::timestamp now) {
  const auto tuned = [](const path& p) { return p.tuner.has_value(); };
  if (!session_ || std::ranges::none_of(paths_, tuned) || !for_tuner_.due(now)) return;
  const std::uint64_t carried = stream_bytes();
  for_tuner_.look(now, carried);
  if (!paths_[tuned_path_].tuner || paths_[tuned_path_].tuner->settled()) {
    do tuned_path_ = (tuned_path_ + 1) % paths_.size();
    while (!paths_[tuned_path_].tuner);
  }
  path& tuned_now = paths_[tuned_path_];
  if (tuned_now.watch && tuned_now.watch->turning()) return tuned_now.tuner->disturb();
  tuned_now.tuner->sample(now, carried, healthy_bridges(tuned_path_, now));
}

bool client_policy::outgoing(const bridge& b) const {
  const auto& watch = paths_[b.path()].watch;
  return b.worn() != bridge::wear::none || (watch && watch->outgoing(b.id()));
}

void client_policy::rotate(core::timestamp now) {
  const auto watched = [](const path& p) { return p.watch.has_value(); };
  if (!session_ || std::ranges::none_of(paths_, watched) || !for_rotation_.due(now)) return;
  for_rotation_.look(now, stream_bytes());
  for (std::size_t i = 0; i < paths_.size(); ++i)
    if (paths_[i].watch) rotate(i, now);
}

void client_policy::rotate(std::size_t index, core::timestamp now) {
  rotation& watch = *paths_[index].watch;
  core::engine& engine = session_->core.engine();
  std::vector<rotation::observed> seen;
  for (const bridge* b : bridges_of(index)) {
    const auto stats = engine.stats_of(b->id());
    if (!stats || b->has_budget() || !b->healthy(engine, now)) continue;
    const rotation::observed one{b->id(), now - b->age(now), stats->bytes_sent - stats->in_flight,
                                 stats->bytes_received, stats->rtt_min};
    if (watch.freezes().lives(one.up_since, {one.up, one.down}))
      trace_event(trace::path_freezes{paths_[index].settings.name, 0, 0});
    seen.push_back(one);
  }
  watch.observe(now, seen);
  for (bridge* b : bridges_of(index))
    if (watch.retired(b->id()) && b->set_rest(engine, bridge::rest::retired, true)) on_retired(*b, now);
  close_retired(index, now);
}

void client_policy::on_retired(const bridge& b, core::timestamp now) {
  path& on = paths_[b.path()];
  on.count_replacement(on.watch->why_retired(b.id(), now));
  trace_event(trace::bridge_outgoing{b.id(), on.where(), on.last_replacement});
  session_->core.changed();
}

// Once the peer has stopped sending on it, and has acknowledged all.
void client_policy::close_retired(std::size_t index, core::timestamp now) {
  for (bridge* b : bridges_of(index))
    if (b->rests_for(bridge::rest::retired) && b->is_quiet(session_->core.engine(), now))
      b->close(b->has_budget() ? errc::bridge_spent : errc::not_needed);
}

// ---- the session ----

void client_policy::end_session(error_code why, const char* because) {
  if (!session_) return;
  if (because != nullptr) trace_event(trace::session_over{short_name(session_->id), {}, because});
  session_expires_.reset();
  for (path& p : paths_) p.foreign = false;
  const session_ref last = std::exchange(session_, nullptr);
  last->core.end(why);
  openings_.fail_sent(connection_reset());
  maintain_soon();
}

void client_policy::on_last_bridge_lost(core::timestamp now) {
  if (stopped() || session_->server_leaves || session_->core.ended()) return end_session(errc::going_away);
  trace_event(trace::no_bridge_left{});
  session_expires_ = now + session_->resume_timeout;
  for (path& p : paths_)
    if (std::exchange(p.foreign, false)) p.retry.reset();
}

void client_policy::describe(tunnel_snapshot& out, core::timestamp now) const {
  using state = tunnel_snapshot::state;
  out.now = stopped() ? state::stopped : state::connecting;
  for (std::size_t i = 0; i < paths_.size(); ++i) out.paths.push_back(paths_[i].describe(up_bridges(i), now));
  if (!session_) return;
  session_->core.describe(out, now);
  out.session = short_name(session_->id);
  if (!stopped()) out.now = out.bridges.empty() ? state::down : state::up;
  for (bridge_snapshot& b : out.bridges) {
    b.path_name = paths_[b.path].settings.name;
    b.reconnects = paths_[b.path].lost;
  }
}

}  // namespace mtcp
