#include "mtcp/net/acceptor_session.hpp"

#include <utility>

#include "mtcp/net/error.hpp"
#include "mtcp/net/stream_state.hpp"

namespace mtcp::detail {
namespace {

// Gaps in the ids of bridges, left by dials that failed, that one session may make the server remember.
constexpr std::size_t id_ranges_most = 4096;

template <class Bytes>
Bytes random_bytes() {
  Bytes bytes;
  random_fill(bytes);
  return bytes;
}

}  // namespace

server_session::server_session(const executor& where, const acceptor_options& options, const key& owner,
                               observer& server)
    : options_(options),
      server_(server),
      id_(random_bytes<core::session_id>()),
      secret_(random_bytes<core::join_secret>()),
      owner_(owner.id()),
      user_(owner.user().empty() ? to_string(owner.id()) : owner.user()),
      core_(where, core::role::server, options.limits, *this),
      expiry_(where) {
  wait_for_bridges();
}

bool server_session::may_join(const key_id& holder, const core::hello& hello) const {
  return equal_in_constant_time(hello.secret, secret_) && holder == owner_ && !core_.ended();
}

core::welcome_status server_session::claim_bridge(core::bridge_id id) {
  const bool full = bridges_ >= options_.bridges_per_session || used_bridges_.range_count() >= id_ranges_most;
  if (full) return core::welcome_status::limit;
  return used_bridges_.insert(id) ? core::welcome_status::ok : core::welcome_status::refused;
}

task<error_code> server_session::run_bridge(bridge& carrier, std::vector<core::slice> first) {
  expiry_.cancel();
  had_bridges_ = true;
  ++bridges_;
  const error_code why = co_await core_.run_bridge(carrier, std::move(first));
  if (--bridges_ == 0) wait_for_bridges();
  co_return why;
}

void server_session::wait_for_bridges() {
  if (core_.ended()) return end(errc::going_away, "the session is over");
  if (client_leaves_) return end(errc::going_away, "the client has left");
  expiry_.expires_after(options_.resume_timeout);
  expiry_.async_wait(lifeline_.guard([this](error_code error) {
    if (!error && bridges_ == 0) end(errc::session_expired, "no bridge came back in time");
  }));
}

void server_session::abandon() {
  if (!had_bridges_) end(errc::session_expired, "it never came up");
}

void server_session::leave(std::chrono::milliseconds patience) {
  if (bridges_ == 0) return end(errc::going_away, "the server stops");
  core_.leave(patience);
}

void server_session::end(error_code why, const std::string& text) {
  expiry_.cancel();
  core_.end(why);
  server_.on_end(*this, text);
}

void server_session::on_event(const core::event& what) {
  using type = core::event::type;
  switch (what.kind) {
    case type::incoming:
      return accept_stream(what.id);
    case type::going_away:
      client_leaves_ = true;
      return;
    case type::failed:
      return end(errc::protocol_violation, "the client broke the protocol");
    default:
      return;
  }
}

void server_session::accept_stream(core::stream_id id) {
  const core::target& to = core_.engine().target_of(id);
  server_.on_incoming(incoming(stream(std::make_unique<stream_state>(core_, id, to, core::target())), user_));
}

}  // namespace mtcp::detail
