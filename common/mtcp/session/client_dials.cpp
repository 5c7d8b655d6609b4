// How the client's policy makes bridges of connections: greet, create or join, attach, and what follows from failing.
#include <algorithm>
#include <chrono>
#include <utility>

#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/outcome.hpp"

namespace mtcp {
namespace {

// A bridge that ends sooner than this and has hardly carried anything does not count as a success.
constexpr std::chrono::seconds short_life{1};
constexpr std::uint64_t little = 64 * 1024;
// Between two questions whether the key may carry something again.
constexpr std::chrono::minutes quota_interval{1};

bool of_another_server(const error_code& why) {
  return means(why, errc::unknown_session) || means(why, errc::foreign_instance);
}
// By the server's host, or by the network in its name.
bool is_refusal(const error_code& why) {
  return means(why, connection_reset()) || means(why, connection_refused()) || means(why, errc::truncated) ||
         means(why, errc::tls_rejected);
}
/// Of a bridge that was to join: the server has as many as it takes. One that knows no reasons says no more than that.
bool is_full(const error_code& why) { return means(why, errc::too_many_bridges) || means(why, errc::limit_reached); }
bool hopeless(const error_code& why) { return is_full(why) || means(why, errc::version_mismatch); }
/// Here no time may have passed: that of a machine that sleeps stands still.
std::string why_gone(const error_code& why, core::duration resume_timeout) {
  if (means(why, errc::foreign_instance)) return "the server has been restarted: streams are reset";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(resume_timeout).count();
  return "the server has given up the session, which had no bridge there for " + std::to_string(seconds) +
         " s (did this machine sleep?): streams are reset";
}

}  // namespace

std::optional<client_policy::action> client_policy::next_action() {
  std::optional<action> next;
  if (actions_.empty()) return next;
  next.emplace(std::move(actions_.front()));
  actions_.pop_front();
  return next;
}

void client_policy::connected(dial_id id, core::timestamp) {
  const auto found = dials_.find(id);
  if (found == dials_.end()) return;
  found->second.connected = true;
  if (!paths_[found->second.path].in_use()) actions_.push_back(abandon{id});  // it may have begun after that was said
  greet_connected();
}

void client_policy::greet_connected() {
  if (stage_ != stage::running) return;
  for (auto& [id, p] : dials_) {
    if (!p.connected || p.greeted || (!session_ && creating_) || !paths_[p.path].in_use()) continue;
    greet_one(id, p);
  }
}

void client_policy::greet_one(dial_id id, pending& p) {
  path& on = paths_[p.path];
  p.greeted = true;
  p.tried = session_;
  p.bridge = session_ ? ++session_->last_bridge : 1;
  p.use = on.settings.use;
  p.use.path = p.path;
  if (on.watch) p.use.budget = on.watch->freezes().next_budget(p.begun);
  p.use.rate_limit = on.rate_share(std::max(up_bridges(p.path) + 1, on.wanted()));
  core::hello hello;
  hello.options = p.use;
  hello.limits = core::announced(settings_.limits);
  hello.bridge = p.bridge;
  hello.extensions.add(core::extension::role, static_cast<std::uint64_t>(p.use.role));
  if (p.use.budget.any()) core::add_budget(hello.extensions, p.use.budget);
  hello.extensions.add(static_cast<std::uint64_t>(core::extension::reason), {});
  hello.extensions.add(core::unassigned_extension(static_cast<std::uint8_t>(settings_.seed + id)), {});
  if (session_) {
    hello.session = session_->id;
    hello.secret = session_->secret;
    hello.instance = session_->instance;
    hello.counts = session_->core.engine().unsettled();
  } else {
    creating_ = id;
    hello.extensions.add(core::extension::resume_timeout, core::resume_timeout_value(settings_.resume_timeout));
    if (reverse_.wanted()) hello.extensions.add(core::extension::reverse, reverse_listeners::max_streams);
  }
  actions_.push_back(greet{id, std::move(hello)});
}

error_code client_policy::welcomed(dial_id id, const core::welcome& got, core::timestamp now) {
  const auto found = dials_.find(id);
  if (found == dials_.end() || stage_ != stage::running) return operation_aborted();
  if (!paths_[found->second.path].in_use()) {
    dial_failed(id, errc::path_gone, now);
    return errc::path_gone;
  }
  const error_code wrong = accept(got, found->second, now);
  if (wrong) {
    dial_failed(id, wrong, now);
  } else if (creating_ == id) {
    creating_.reset();
    greet_connected();
  }
  return wrong;
}

error_code client_policy::accept(const core::welcome& got, pending& p, core::timestamp now) {
  if (!core::is_known_version(got.version)) return errc::version_mismatch;
  if (const error_code refused = to_error(got)) return refused;
  p.use.roles_agreed = core::role_of(got.extensions).has_value();
  if (!p.tried) {
    begin_session(got, p, now);
    return {};
  }
  if (p.tried != session_) return errc::unknown_session;  // it ended while we asked
  session_->core.engine().settle(got.counts, now);
  session_->core.changed();
  return {};
}

void client_policy::begin_session(const core::welcome& got, pending& p, core::timestamp now) {
  session::owner& me = *this;
  session_ = p.tried = std::make_shared<client_session>(settings_.limits, me, now);
  session_->id = got.session;
  quota_used_up_ = false;
  session_->secret = got.secret;
  session_->instance = got.instance;
  session_->last_bridge = p.bridge;
  session_->core.engine().set_peer_limits(got.limits, now);
  const std::size_t reverse = reverse_.wanted() ? reverse_listeners::max_streams : 0;
  const std::size_t agreed = core::agreed_reverse(reverse, got.extensions);
  session_->core.engine().allow_reverse(agreed);
  session_->core.trace_to(trace_);
  session_->resume_timeout = core::agreed_resume_timeout(settings_.resume_timeout, got.extensions);
  trace_event(trace::session_begun{short_name(session_->id), {}});
  reverse_.begin(session_->core, agreed > 0, now);
  openings_.submit(session_->core, now);
}

client_policy::pending client_policy::forget(dial_id id) {
  const auto found = dials_.find(id);
  pending p = std::move(found->second);
  dials_.erase(found);
  --paths_[p.path].dialling;
  if (creating_ == id) creating_.reset();
  return p;
}

client_policy::attached client_policy::attach(dial_id id, link& connection, core::timestamp now) {
  const pending p = forget(id);
  session_expires_.reset();
  if (auto& watch = paths_[p.path].watch) watch->dial_took(now - p.begun);
  paths_[p.path].pace.succeeded(p.begun, bridges_of(p.path).size() + 1, now);
  trace_event(trace::bridge_up{p.bridge, paths_[p.path].where(), p.use.budget.any()});
  if (p.tried == session_) replace_suspect(p.path, now);
  if (p.use.budget.any()) ++paths_[p.path].with_budget;
  plan_renewal(p.tried->core.attach(p.bridge, connection, p.use, p.path, now), settings_.renew_after, now);
  if (p.tried == session_) use_bridges(p.path);  // perhaps it was changed meanwhile
  maintain_soon();
  return {p.tried, p.bridge};
}

void client_policy::dial_failed(dial_id id, error_code why, core::timestamp now) {
  if (!dials_.contains(id)) return;
  const pending p = forget(id);
  if (stage_ != stage::running) return;
  if (p.greeted && session_ && p.tried == session_) {
    session_->core.engine().bridge_unused(p.bridge, now);
    session_->core.changed();
  }
  on_dial_failed(p, why, now);
  greet_connected();
  maintain_soon();
}

// Bridges that carry little wait for successors: perhaps one of them has to go first.
void client_policy::give_up_unanswered(std::size_t index, core::timestamp now) {
  const core::duration patience = paths_[index].pace.short_patience();
  std::vector<dial_id> unanswered;
  for (const auto& [id, p] : dials_)
    if (p.path == index && !p.connected && now - p.begun >= patience) unanswered.push_back(id);
  for (const dial_id id : unanswered) {
    actions_.push_back(abandon{id});
    dial_failed(id, timed_out(), now);
  }
}

void client_policy::on_dial_failed(const pending& p, error_code why, core::timestamp now) {
  path& on = paths_[p.path];
  if (!on.in_use() || why == operation_aborted()) return;  // it was abandoned
  put_off_renewal(p.path, now);
  std::string text = why.message();
  if (text != on.last_error) trace_event(trace::dial_failed{on.settings.name, why});
  on.last_error = std::move(text);
  if (p.tried && of_another_server(why)) return on_foreign_server(on, p.tried, why, now);
  if (means(why, errc::quota_used_up)) return on_quota_used_up(on, now);
  const std::size_t bridges = bridges_of(p.path).size();
  if (p.tried && is_full(why) && bridges != 0) return on.pace.full(p.begun, bridges, now);
  if (hopeless(why)) return on.retry.failed_for_long(now);
  on.retry.failed(p.begun, now);
  const bool unanswered = means(why, timed_out()) && !p.connected;
  if (unanswered || is_refusal(why)) on.pace.failed(p.begun, hears(p.path, now) ? bridges : 0, !unanswered);
}

// Who asks for a stream is told at once: the server may be reached, and a minute of waiting changes nothing.
void client_policy::on_quota_used_up(path& on, core::timestamp now) {
  if (!session_) quota_used_up_ = true;
  on.retry.failed_for_long(now, quota_interval);
}

// The server process has been restarted, or it is another one, or it has let go of the session. As long as any bridge
// lives, the session does, and this path has to stand back; without one nothing can be saved, and the next dial creates
// a session.
void client_policy::on_foreign_server(path& on, const session_ref& tried, error_code why, core::timestamp now) {
  if (tried != session_) return;  // the next dial tries the session of today
  if (bridge_count() == 0) return end_session(errc::unknown_session, why_gone(why, session_->resume_timeout));
  on.foreign = true;
  on.retry.failed_for_long(now);
}

void client_policy::detach(const attached& gone, core::timestamp now) {
  const bridge* b = gone.session->core.find_bridge(gone.bridge);
  if (b->has_budget()) --paths_[b->path()].with_budget;
  on_bridge_over(gone.session->core.detach(gone.bridge, now), now);
  if (gone.session == session_ && bridge_count() == 0) on_last_bridge_lost(now);
  if (stage_ == stage::running) maintain_soon();
}

void client_policy::on_bridge_over(const session::lost_bridge& gone, core::timestamp now) {
  path& on = paths_[gone.path];
  on.on_wire += gone.on_wire;
  on.bytes_up += gone.sent;
  on.bytes_down += gone.received;
  on.pace.ended(now);
  const bool by_the_network = gone.why == errc::bridge_spent || gone.why == errc::bridge_frozen;
  if (gone.why == errc::not_needed || gone.why == errc::path_gone || by_the_network) {
    if (on.watch) on.watch->forget(gone.id);
    if (by_the_network) on.count_replacement(gone.why.message());
    return trace_event(trace::bridge_retired{gone.id, on.where(), gone.why, by_the_network});
  }
  if (on.watch) on.watch->lost(gone.id);
  if (gone.why == errc::bridge_silent)
    note_small_packets(gone.path, gone.id, now - gone.age, std::max(gone.delivered, gone.carried), now);
  ++on.lost;
  on.last_error = gone.why.message();
  trace_event(trace::bridge_lost{gone.id, on.where(), gone.why});
  if (gone.why != errc::going_away) on.pace.lost(up_bridges(gone.path), now);
  if (gone.age < short_life && gone.delivered < little) {
    on.retry.failed(now, now);
  } else {
    on.retry.reset();
  }
}

}  // namespace mtcp
