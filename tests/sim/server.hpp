// One server process: its sessions with their turns, and the state of its door.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mtcp/session/server_sessions.hpp"
#include "sim/driver.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/programs.hpp"
#include "sim/random.hpp"

namespace mtcp::sim {

class server final : private server_sessions::host {
 public:
  server(event_queue& events, const server_settings& settings, random chance, programs& users, journal& log);
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  server_sessions::answer greet(const core::hello& said);
  /// Takes no more sessions or streams.
  void drain();
  /// Tells the clients to go.
  void leave(duration patience);
  /// The process ends, whatever is under way.
  void die();
  void remove_key();
  void restore_key() { has_key_ = true; }

  bool alive() const noexcept { return alive_; }
  const server_sessions& sessions() const noexcept { return sessions_; }

 private:
  void on_begin(const server_sessions::session_ref& begun) override;
  void on_stream(server_session& of, core::stream_id id) override;
  void on_end(server_sessions::session_ref ended) override;
  std::optional<core::limit_reason> enter(const core::session_id& id, const owner_id& owner, std::size_t most) override;
  void leave(const core::session_id&) override { --entered_; }
  void random_fill(std::span<std::byte> out) override;
  core::instance_id random_instance();

  event_queue& events_;
  random chance_;
  programs& users_;
  journal& log_;
  server_sessions sessions_;
  std::map<core::session_id, std::unique_ptr<driver>> drivers_;  // kept to the end: the queue may refer to them
  std::vector<server_sessions::session_ref> ended_;              // the same
  std::size_t entered_ = 0;
  bool alive_ = true;
  bool draining_ = false;
  bool has_key_ = true;
};

}  // namespace mtcp::sim
