#include "mtcp/session/server_sessions.hpp"

#include <utility>

namespace mtcp {

server_sessions::server_sessions(server_settings settings, const core::instance_id& instance, host& around,
                                 trace::observer traced)
    : settings_(std::move(settings)), instance_(instance), host_(around), trace_(std::move(traced)) {}

// ---- a bridge says HELLO ----

server_sessions::answer server_sessions::greet(const core::hello& said, const owner_id& owner, const std::string& user,
                                               open_to whom, core::timestamp now, bool room) {
  answer out;
  core::welcome& welcome = out.message;
  welcome.instance = instance_;
  const placing place = find_place(said, owner, user, whom, now, room);
  welcome.status = place.status;
  out.joined = place.joined;
  if (welcome.status != core::welcome_status::ok) {
    if (place.why && said.extensions.find(core::extension::reason) != nullptr)
      welcome.extensions.add(core::extension::reason, static_cast<std::uint64_t>(*place.why));
    return out;
  }
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
  agree_on_bridge(said, out);
  welcome.counts = engine.unsettled();
  return out;
}

void server_sessions::agree_on_bridge(const core::hello& said, answer& out) {
  core::extension_list& accepted = out.message.extensions;
  out.use = said.options;
  out.use.budget = core::budget_of(said.extensions);
  if (const auto role = core::role_of(said.extensions)) {
    out.use.role = *role;
    out.use.roles_agreed = true;
    accepted.add(core::extension::role, static_cast<std::uint64_t>(*role));
  }
  if (out.use.budget.any()) core::add_budget(accepted, out.use.budget);
}

server_sessions::placing server_sessions::find_place(const core::hello& said, const owner_id& owner,
                                                     const std::string& user, open_to whom, core::timestamp now,
                                                     bool room) {
  if (!core::is_known_version(said.version)) return {core::welcome_status::version};
  const bool creates = said.session == core::session_id{};
  if (whom == open_to::none || (creates && whom == open_to::joins)) return {core::welcome_status::refused};
  if (!creates) return join(said, owner, room);
  return room ? create(said.bridge, owner, user, now) : no_more(core::limit_reason::bridges);
}

server_sessions::placing server_sessions::create(core::bridge_id first, const owner_id& owner, const std::string& user,
                                                 core::timestamp now) {
  server_session::identity who{{}, {}, owner, user};
  host_.random_fill(who.id);
  host_.random_fill(who.secret);
  if (const auto why = host_.enter(who.id, owner, settings_.sessions_per_owner)) return no_more(*why);
  server_session::listener& me = *this;
  const auto joined = std::make_shared<server_session>(settings_, std::move(who), me, now);
  joined->core().trace_to(trace_, short_name(joined->id()));
  joined->claim_bridge(first);
  sessions_.emplace(joined->id(), joined);
  host_.on_begin(joined);
  if (trace_) trace_(trace::session_begun{short_name(joined->id()), user});
  return {core::welcome_status::ok, joined};
}

server_sessions::placing server_sessions::join(const core::hello& said, const owner_id& owner, bool room) {
  if (said.instance != instance_ && said.instance != core::instance_id{})
    return {core::welcome_status::foreign_instance};
  const auto found = sessions_.find(said.session);
  if (found == sessions_.end() || !found->second->may_join(owner, said)) return {core::welcome_status::unknown_session};
  if (!room) return no_more(core::limit_reason::bridges);
  const core::welcome_status claimed = found->second->claim_bridge(said.bridge);
  if (claimed == core::welcome_status::limit) return no_more(core::limit_reason::bridges);
  return {claimed, claimed == core::welcome_status::ok ? found->second : nullptr};
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

std::string server_sessions::shed(const core::session_id& id, std::size_t excess) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return {};
  const session_ref kept = found->second;  // it may leave the table
  return kept->shed(excess);
}

void server_sessions::close_streams(const owner_id& owner, core::reset_code why) {
  const auto all = sessions_;
  for (const auto& [id, open] : all)
    if (open->owner() == owner && open->core().close_streams(why) != 0) open->core().changed();
}

bool server_sessions::close_stream(std::string_view session, core::stream_id id) {
  for (const auto& [whole_id, open] : sessions_)
    if (short_name(whole_id) == session && open->core().close_stream(id)) return true;
  return false;
}

}  // namespace mtcp
