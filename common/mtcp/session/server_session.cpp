#include "mtcp/session/server_session.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace mtcp {
namespace {

// Gaps in the ids of bridges, left by dials that failed, that one session may make the server remember.
constexpr std::size_t max_id_ranges = 4096;

// Takes the same time wherever the difference is.
bool same_secret(const core::join_secret& a, const core::join_secret& b) {
  std::byte difference{0};
  for (std::size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == std::byte{0};
}

// Of ADDRESS:PORT.
std::string_view host_of(std::string_view endpoint) { return endpoint.substr(0, endpoint.rfind(':')); }

// No client says over which of its paths a bridge comes, but the addresses of both ends do, nearly always: those behind
// one address of a NAT or relay count as one.
std::uint64_t path_of(const link& connection) {
  const std::string far = connection.remote(), near = connection.local();
  return std::hash<std::string>{}(std::string(host_of(far)) + ' ' + std::string(host_of(near)));
}

}  // namespace

server_session::server_session(const server_settings& settings, identity who, listener& told, core::timestamp now)
    : settings_(settings),
      listener_(told),
      who_(std::move(who)),
      core_(core::role::server, settings.limits, *this, now),
      resume_timeout_(settings.resume_timeout),
      alone_since_(now) {}

void server_session::wake() {
  if (waker_ != nullptr) waker_->wake();
}

bool server_session::may_join(const owner_id& holder, const core::hello& hello) const {
  return same_secret(hello.secret, who_.secret) && holder == who_.owner && !core_.ended();
}

core::welcome_status server_session::claim_bridge(core::bridge_id id) {
  const bool full =
      core_.bridge_count() >= settings_.bridges_per_session || core_.engine().bridge_id_ranges() >= max_id_ranges;
  if (full) return core::welcome_status::limit;
  const bool fresh = !core_.engine().knows_bridge(id) && claimed_.insert(id).second;
  return fresh ? core::welcome_status::ok : core::welcome_status::refused;
}

// The client learns for how long it may stay away, and the server does not wait for one that has given up.
void server_session::agree(const core::extension_list& offered, core::extension_list& accepted) {
  if (offered.number(core::extension::resume_timeout)) {
    resume_timeout_ = core::agreed_resume_timeout(resume_timeout_, offered);
    accepted.add(core::extension::resume_timeout, core::resume_timeout_value(resume_timeout_));
  }
  if (const std::size_t streams = core::agreed_reverse(settings_.limits.max_streams, offered); streams > 0) {
    core_.engine().allow_reverse(streams);
    accepted.add(core::extension::reverse, streams);
  }
}

// ---- bridges ----

void server_session::attach(core::bridge_id id, link& connection, const core::bridge_options& use,
                            core::timestamp now) {
  alone_since_.reset();
  if (stage_ == stage::begun) stage_ = stage::used;
  claimed_.erase(id);
  core::bridge_options seen = use;
  seen.path = path_of(connection);
  core_.attach(id, connection, seen, 0, now);
}

session::lost_bridge server_session::detach(core::bridge_id id, core::timestamp now) {
  const session::lost_bridge gone = core_.detach(id, now);
  if (core_.bridge_count() == 0) alone_since_ = now;
  wake();  // also if the session is over: it has to be told
  return gone;
}

void server_session::bridge_failed(core::bridge_id id, core::timestamp now) {
  claimed_.erase(id);
  core_.engine().bridge_unused(id, now);
  core_.changed();
  if (stage_ == stage::begun) end(errc::session_expired, "it never came up");
}

// ---- turns ----

void server_session::work(core::timestamp now) {
  core_.work(now);
  end_if_alone(now);
  tell_memory();
}

void server_session::tell_memory() {
  constexpr std::size_t step = 256 * 1024;
  const std::size_t held = core_.engine().memory() / step * step;
  if (held == told_memory_ || stage_ == stage::over) return;
  told_memory_ = held;
  listener_.on_memory(*this, held);
}

// After the events: a goodbye may have come right before the connection that brought it ended.
void server_session::end_if_alone(core::timestamp now) {
  if (!alone_since_ || stage_ == stage::over) return;
  if (core_.ended()) return end(errc::going_away, "the session is over");
  if (stage_ == stage::deserted) return end(errc::going_away, "the client has left");
  if (now - *alone_since_ >= resume_timeout_) end(errc::session_expired, "no bridge came back in time");
}

std::optional<core::timestamp> server_session::next_deadline() const {
  if (stage_ == stage::over) return std::nullopt;
  const auto due = core_.next_deadline();
  if (!alone_since_) return due;
  const core::timestamp expiry = *alone_since_ + resume_timeout_;
  return due ? std::min(*due, expiry) : expiry;
}

void server_session::on_event(const core::event& what, core::timestamp) {
  namespace events = core::events;
  std::visit(core::overloaded{
                 [this](const events::incoming& e) { listener_.on_stream(*this, e.stream); },
                 [this](const events::going_away&) { on_goodbye(); },
                 [this](const events::failed&) { end(errc::protocol_violation, "the client broke the protocol"); },
                 [](const auto&) {},
             },
             what);
}

void server_session::on_goodbye() {
  if (stage_ != stage::over) stage_ = stage::deserted;
}

// ---- too much memory ----

// A stream that nobody has opened, or that belongs to nobody any more, cannot be reset alone.
std::string server_session::shed(std::size_t excess) {
  std::size_t count = 0, freed = 0;
  for (const auto& [id, held] : core_.engine().streams_by_memory()) {
    if (freed >= excess || !core_.close_stream(id)) break;
    freed += held;
    ++count;
  }
  if (freed < excess) {
    end(errc::limit_reached, "it holds too much memory");
    return "it ends";
  }
  tell_memory();
  return count == 1 ? "its largest stream is reset" : "its " + std::to_string(count) + " largest streams are reset";
}

// ---- the end ----

void server_session::leave(core::duration patience, core::timestamp now) {
  if (core_.bridge_count() == 0) return end(errc::going_away, "the server stops");
  core_.leave(patience, now);
}

void server_session::end(error_code why, const std::string& text) {
  core_.end(why);
  waker_ = nullptr;  // it goes before the last bridges have
  if (std::exchange(stage_, stage::over) != stage::over) listener_.on_end(*this, text);
}

}  // namespace mtcp
