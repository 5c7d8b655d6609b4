#include "sim/server.hpp"

#include <utility>

namespace mtcp::sim {

server::server(event_queue& events, const server_settings& settings, random chance, programs& users, journal& log)
    : events_(events),
      chance_(chance),
      users_(users),
      log_(log),
      sessions_(settings, random_instance(), *this,
                {[this](const trace::event& e) { log_.note("server", e); }, [this] { return log_.takes_notes(); }}) {}

void server::random_fill(std::span<std::byte> out) {
  for (std::byte& b : out) b = static_cast<std::byte>(chance_.below(256));
}

core::instance_id server::random_instance() {
  core::instance_id id;
  random_fill(id);
  return id;
}

server_sessions::answer server::greet(const core::hello& said) {
  using open_to = server_sessions::open_to;
  open_to whom = draining_ ? open_to::joins : open_to::all;
  if (!has_key_) whom = open_to::none;
  return sessions_.greet(said, owner_id{}, "user", whom, events_.now());
}

void server::drain() {
  draining_ = true;
  sessions_.go_away(events_.now());
}

void server::leave(duration patience) {
  draining_ = true;
  sessions_.leave_all(patience, events_.now());
}

void server::die() {
  alive_ = false;
  sessions_.end_all("the process has died");
}

void server::remove_key() {
  has_key_ = false;
  sessions_.leave_if([](const owner_id&) { return true; }, events_.now());
}

// ---- what its sessions need ----

void server::on_begin(const server_sessions::session_ref& begun) {
  const auto added = drivers_.emplace(begun->id(), std::make_unique<driver>(events_, *begun, "server")).first;
  begun->wake_by(*added->second);
  added->second->wake();
}

void server::on_stream(server_session& of, core::stream_id id) { users_.on_stream(sessions_.all().at(of.id()), id); }

void server::on_end(server_sessions::session_ref ended) {
  drivers_.at(ended->id())->stop();
  ended_.push_back(std::move(ended));
}

std::optional<core::limit_reason> server::enter(const core::session_id&, const owner_id&, std::size_t most) {
  if (entered_ >= most) return core::limit_reason::sessions;
  ++entered_;
  return std::nullopt;
}

}  // namespace mtcp::sim
