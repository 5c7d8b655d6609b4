#include "mtcp/session/server_sessions.hpp"

#include <utility>

namespace mtcp {

server_sessions::server_sessions(server_settings settings, const core::instance_id& instance, host& around,
                                 trace::observer traced)
    : settings_(std::move(settings)), instance_(instance), host_(around), trace_(std::move(traced)) {}

// ---- a bridge says HELLO ----

server_sessions::answer server_sessions::greet(const core::hello& said, const owner_id& owner, const std::string& user,
                                               open_to whom, core::timestamp now) {
  answer out;
  core::welcome& welcome = out.message;
  welcome.instance = instance_;
  welcome.status = find_place(said, owner, user, whom, now, out.joined);
  if (welcome.status != core::welcome_status::ok) return out;
  server_session& joined = *out.joined;
  core::engine& engine = joined.core().engine();
  welcome.session = joined.id();
  welcome.limits = core::announced(settings_.limits);
  if (said.session == core::session_id{}) {
    welcome.secret = joined.secret();
    engine.set_peer_limits(said.limits, now);
    joined.agree(said.extensions, welcome.extensions);
  } else {
    engine.settle(said.counts, now);
    joined.core().changed();
  }
  out.use = said.options;
  out.use.budget = core::budget_of(said.extensions);
  if (out.use.budget.any()) core::add_budget(welcome.extensions, out.use.budget);
  welcome.counts = engine.unsettled();
  return out;
}

core::welcome_status server_sessions::find_place(const core::hello& said, const owner_id& owner,
                                                 const std::string& user, open_to whom, core::timestamp now,
                                                 session_ref& joined) {
  if (said.version != core::protocol_version) return core::welcome_status::version;
  const bool creates = said.session == core::session_id{};
  if (whom == open_to::none || (creates && whom == open_to::joins)) return core::welcome_status::refused;
  return creates ? create(said.bridge, owner, user, now, joined) : join(said, owner, joined);
}

core::welcome_status server_sessions::create(core::bridge_id first, const owner_id& owner, const std::string& user,
                                             core::timestamp now, session_ref& joined) {
  server_session::identity who{{}, {}, owner, user};
  host_.random_fill(who.id);
  host_.random_fill(who.secret);
  if (!host_.enter(who.id, owner, settings_.sessions_per_owner)) return core::welcome_status::limit;
  server_session::listener& me = *this;
  joined = std::make_shared<server_session>(settings_, std::move(who), me, now);
  joined->core().trace_to(trace_, short_name(joined->id()));
  joined->claim_bridge(first);
  sessions_.emplace(joined->id(), joined);
  host_.on_begin(joined);
  if (trace_) trace_(trace::session_begun{short_name(joined->id()), user});
  return core::welcome_status::ok;
}

core::welcome_status server_sessions::join(const core::hello& said, const owner_id& owner, session_ref& joined) {
  if (said.instance != instance_ && said.instance != core::instance_id{}) return core::welcome_status::foreign_instance;
  const auto found = sessions_.find(said.session);
  if (found == sessions_.end() || !found->second->may_join(owner, said)) return core::welcome_status::unknown_session;
  const core::welcome_status claimed = found->second->claim_bridge(said.bridge);
  if (claimed == core::welcome_status::ok) joined = found->second;
  return claimed;
}

// ---- sessions end ----

void server_sessions::on_end(server_session& which, const std::string& why) {
  const auto found = sessions_.find(which.id());
  if (found == sessions_.end()) return;
  session_ref ended = std::move(found->second);
  sessions_.erase(found);
  host_.leave(which.id());
  if (trace_) trace_(trace::session_over{short_name(which.id()), which.user(), why});
  host_.on_end(std::move(ended));
}

// In each of these a session may leave the table at once.

void server_sessions::leave_if(const std::function<bool(const owner_id&)>& is_gone, core::timestamp now) {
  const auto all = sessions_;
  for (const auto& [id, open] : all)
    if (is_gone(open->owner())) open->leave({}, now);
}

void server_sessions::leave_all(core::duration patience, core::timestamp now) {
  const auto all = sessions_;
  for (const auto& [id, open] : all) open->leave(patience, now);
}

void server_sessions::end_all(const std::string& why) {
  const auto all = sessions_;
  for (const auto& [id, open] : all) open->end(errc::going_away, why);
}

void server_sessions::go_away(core::timestamp now) {
  for (const auto& [id, open] : sessions_) {
    open->core().engine().go_away(now);
    open->core().changed();
  }
}

bool server_sessions::close_stream(std::string_view session, core::stream_id id) {
  for (const auto& [whole_id, open] : sessions_)
    if (short_name(whole_id) == session && open->core().close_stream(id)) return true;
  return false;
}

}  // namespace mtcp
