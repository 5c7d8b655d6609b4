#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/outcome.hpp"
#include "mtcp/session/path_restraint.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "mtcp/core/base/earlier.hpp"

namespace mtcp {
namespace {

// Between looks whether those that have carried all that they may can be closed.
constexpr std::chrono::milliseconds spent_interval{10};
// So long streams to open wait for a server that has bridges and takes no more of them.
constexpr std::chrono::seconds opening_patience{60};
// Between looks whether large packets get through again.
constexpr std::chrono::seconds mtu_interval{10};

using core::keep_earlier;

}  // namespace

client_policy::client_policy(client_settings settings, waker& woken, openings::listener& openers,
                             trace::observer traced)
    : settings_(std::move(settings)),
      waker_(woken),
      trace_(std::move(traced)),
      openings_(openers),
      reverse_(settings_.reverse, trace_),
      lives_(static_cast<std::minstd_rand::result_type>(settings_.seed)) {
  if (settings_.paths.empty() && !settings_.paths_come) throw std::invalid_argument("a tunnel needs a path");
  for (const path_settings& one : settings_.paths) {
    if (one.bridges == 0) throw std::invalid_argument("a path needs a bridge");
    paths_.emplace_back(one, pauses_of(paths_.size()));
  }
}

void client_policy::trace_event(const trace::event& what) const {
  if (trace_) trace_(what);
}

// ---- commands ----

void client_policy::start(core::timestamp now) {
  if (stage_ != stage::idle) return;
  stage_ = stage::running;
  down_since_ = now;
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
  openings_.add(ticket, std::move(to), std::move(early),
                now + std::min<core::duration>(settings_.resume_timeout, opening_patience));
  if (refuses(now)) return openings_.fail_all(why_refused());           // the others have been told already
  if (bridge_count() == 0 || session_->server_leaves) maintain_soon();  // which sets the deadline
  if (session_ && !session_->server_leaves) openings_.submit(session_->core, now);
}

void client_policy::cancel_open(std::uint64_t ticket, core::timestamp now) {
  openings_.cancel(ticket, session_ ? &session_->core : nullptr, now);
}

bool client_policy::close_stream(core::stream_id id) { return session_ && session_->core.close_stream(id); }

void client_policy::stop_listening(core::timestamp now) {
  reverse_.withdraw(session_ ? &session_->core : nullptr, now);
}

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
  const bool stirred = stir_looks(now);
  const bool due = stirred || (upkeep_.next && *upkeep_.next <= now);
  if (upkeep_.wanted || due) maintain(now);
}

std::optional<core::timestamp> client_policy::next_deadline() const {
  std::optional<core::timestamp> next = upkeep_.next;
  if (session_) keep_earlier(next, session_->core.next_deadline());
  return next;
}

void client_policy::on_event(const core::event& what, core::timestamp now) {
  namespace events = core::events;
  if (reverse_.on_event(session_->core, what, now)) return maintain_soon();  // there may be something to ask again
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

void client_policy::maintain_soon() {
  upkeep_.wanted = true;
  waker_.wake();
}

void client_policy::maintain(core::timestamp now) {
  upkeep_.wanted = false;
  if (session_expires_ && *session_expires_ <= now)
    end_session(errc::session_expired, "no bridge came back in time: streams are reset");
  note_outage(now);
  openings_.expire(now);
  if (session_) reverse_.work(session_->core, now);
  tune(now);
  rotate(now);
  renew(now);
  for (std::size_t i = 0; i < paths_.size(); ++i) maintain(i, now);
  upkeep_.next = next_maintenance(now);
}

void client_policy::maintain(std::size_t index, core::timestamp now) {
  path& p = paths_[index];
  if (session_) review_doubts(index, now);
  while (stage_ == stage::running) {
    const path::bridge_counts bridges = count_bridges(index, now);
    const auto when = p.next_dial(bridges);
    if (!when || *when > now) break;
    const std::size_t beside = bridges.all + p.dialling++;
    p.pace.begun(now, beside, p.renewal());
    p.last_dial = now;
    const dial_id id = ++last_dial_;
    dials_.emplace(id, pending{.path = index, .begun = now});
    actions_.push_back(dial{id, index, p.pace.patience(beside)});
    trace_event(trace::dialling{p.settings.name});
  }
  if (session_ && p.in_use()) retire_surplus(index, now);
  if (session_ && !p.in_use() && !p.gone()) let_go_unwanted(index, now);
  if (p.mtu.only_small()) note_large_packets(index, now);
  share_rate(index);
}

// One deadline for all that waits: the session without bridges, streams without a session, paths that pause,
// bridges that count as suspects for a while.
std::optional<core::timestamp> client_policy::next_maintenance(core::timestamp now) {
  std::optional<core::timestamp> next = session_expires_;
  if (stage_ == stage::stopped) return next;
  keep_earlier(next, openings_.next_expiry());
  keep_earlier(next, reverse_.next());
  if (!openings_.empty() && !refuses(now)) keep_earlier(next, refuses_from());
  if (has_spent_bridges()) keep_earlier(next, now + spent_interval);
  for (std::size_t i = 0; i < paths_.size() && stage_ == stage::running; ++i) {
    if (paths_[i].gone()) continue;
    if (!paths_[i].in_use() && !bridges_of(i).empty()) keep_earlier(next, now + spent_interval);
    keep_earlier(next, paths_[i].next_dial(count_bridges(i, now)));
    keep_earlier(next, next_turn_of_suspicion(i, now));
    if (session_ && paths_[i].tuner) keep_earlier(next, looks_.for_tuner.next());
    if (session_ && paths_[i].watch) keep_earlier(next, looks_.for_rotation.next());
    if (session_) keep_earlier(next, next_renewal(i, now));
    if (session_ && paths_[i].mtu.only_small()) keep_earlier(next, now + mtu_interval);
  }
  return next;
}

// ---- without any bridge ----

// Who asks for a stream waits for a while: the first bridge may be up at once. Then it is told, so that it can do
// without, or ask again.
void client_policy::note_outage(core::timestamp now) {
  if (bridge_count() != 0) return down_since_.reset();
  if (!down_since_) down_since_ = now;  // a session that ended with its bridges
  if (refuses(now)) openings_.give_up(session_ ? &session_->core : nullptr, why_refused(), now);
}

std::optional<core::timestamp> client_policy::refuses_from() const {
  if (!down_since_ || bridge_count() != 0) return {};
  return quota_used_up_ ? *down_since_ : *down_since_ + settings_.connect_wait;
}

error_code client_policy::why_refused() const { return quota_used_up_ ? errc::quota_used_up : errc::tunnel_down; }

bool client_policy::refuses(core::timestamp now) const {
  const auto from = refuses_from();
  return from && *from <= now;
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

// From one that is on its way out or was a suspect, too.
bool client_policy::hears(std::size_t index, core::timestamp now) const {
  const auto is_heard = [&](const bridge* b) {
    return b->healthy(session_->core.engine(), now) || b->moves(session_->core.engine());
  };
  return std::ranges::any_of(bridges_of(index), is_heard);
}

path::bridge_counts client_policy::count_bridges(std::size_t index, core::timestamp now) const {
  return {bridges_of(index).size(), up_bridges(index), healthy_bridges(index, now)};
}

// The limit of a path is for all of its bridges together.
void client_policy::share_rate(std::size_t index) {
  if (!session_) return;
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
  if (for_good && healthy >= p.wanted()) let_replaced_suspects_go(index, now);
}

// ---- the session ----

void client_policy::end_session(error_code why, const std::string& because) {
  if (!session_) return;
  if (!because.empty()) trace_event(trace::session_over{short_name(session_->id), {}, because});
  session_expires_.reset();
  for (path& p : paths_) p.foreign = false;
  const session_ref last = std::exchange(session_, nullptr);
  last->core.end(why);
  openings_.fail_sent(connection_reset());
  reverse_.on_session_over();
  maintain_soon();
}

void client_policy::on_last_bridge_lost(core::timestamp now) {
  down_since_ = now;
  if (stopped() || session_->server_leaves || session_->core.ended()) return end_session(errc::going_away);
  trace_event(trace::no_bridge_left{});
  session_expires_ = now + session_->resume_timeout;
  for (path& p : paths_)
    if (std::exchange(p.foreign, false)) p.retry.reset();
}

void client_policy::describe(tunnel_snapshot& out, core::timestamp now) const {
  using state = tunnel_snapshot::state;
  out.now = stopped() ? state::stopped : state::connecting;
  out.refuses = !stopped() && refuses(now);
  out.quota_used_up = quota_used_up_;
  std::vector<std::size_t> places(paths_.size());  // in `out`, by number
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    places[i] = out.paths.size();
    if (!paths_[i].gone() || is_in_use(i)) out.paths.push_back(paths_[i].describe(i, up_bridges(i), now));
  }
  if (session_) describe_session(out, places, now);
  for (std::size_t i = 0; i < out.paths.size(); ++i) describe_bridges_of(out, i, now);
  reverse_.describe(out);
}

// What a path is by its bridges, once these are described.
void client_policy::describe_bridges_of(tunnel_snapshot& out, std::size_t place, core::timestamp now) const {
  path_snapshot& of = out.paths[place];
  std::vector<restraint> bridges;
  for (const bridge_snapshot& b : out.bridges) {
    if (b.path != place) continue;
    bridges.push_back(b.why);
    of.bytes_up += b.bytes_up;
    of.bytes_down += b.bytes_down;
  }
  of.why = restraint_of(paths_[of.number], bridges, now);
}

void client_policy::describe_session(tunnel_snapshot& out, const std::vector<std::size_t>& places,
                                     core::timestamp now) const {
  using state = tunnel_snapshot::state;
  session_->core.describe(out, now);
  out.session = short_name(session_->id);
  if (!stopped()) out.now = out.bridges.empty() ? state::down : state::up;
  for (bridge_snapshot& b : out.bridges) {
    b.path_name = paths_[b.path].settings.name;
    b.reconnects = paths_[b.path].lost;
    b.path = places[b.path];
  }
}

}  // namespace mtcp
