// The sessions of one server: answers a HELLO with a WELCOME, by creating a session or by finding the one that a bridge
// may join. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/session/server_session.hpp"
#include "mtcp/session/trace.hpp"

namespace mtcp {

class server_sessions final : private server_session::listener {
 public:
  using session_ref = std::shared_ptr<server_session>;

  /// What it needs of the server around it.
  class host {
   public:
    /// Sees to it that the session gets its turns, from now to on_end(): wake_by().
    virtual void on_begin(const session_ref& begun) = 0;
    virtual void on_stream(server_session& of, core::stream_id id) = 0;
    /// The session has left the table, and has still to be kept for the rest of this turn.
    virtual void on_end(session_ref ended) = 0;
    /// Counts a session of this owner, or says why there can be none: if there are `most` already, here or elsewhere.
    virtual std::optional<core::limit_reason> enter(const core::session_id& id, const owner_id& owner,
                                                    std::size_t most) = 0;
    virtual void leave(const core::session_id& id) = 0;
    /// A session holds so much memory now.
    virtual void on_memory(const server_session&, std::size_t) {}
    /// From a cryptographic generator.
    virtual void random_fill(std::span<std::byte> out) = 0;

   protected:
    ~host() = default;
  };

  /// `instance` names the server process.
  server_sessions(server_settings settings, const core::instance_id& instance, host& around,
                  trace::observer traced = {});

  /// Which bridges may come in.
  enum class open_to : std::uint8_t { all, joins, none };

  struct answer {
    core::welcome message;
    session_ref joined;        ///< null if the bridge is refused; else attach() or bridge_failed() is to follow
    core::bridge_options use;  ///< what it is for, as agreed
  };
  /// To a HELLO whose MAC is right: said by who holds the key of `owner`, who may have one bridge more if `room`.
  answer greet(const core::hello& said, const owner_id& owner, const std::string& user, open_to whom,
               core::timestamp now, bool room = true);

  /// Ends the sessions of which `is_gone(owner)`.
  void leave_if(const std::function<bool(const owner_id&)>& is_gone, core::timestamp now);
  void leave_all(core::duration patience, core::timestamp now);
  void end_all(const std::string& why);
  /// Takes no more streams; those that are open go on.
  void go_away(core::timestamp now);
  /// What a session did to hold less, for a log; empty if there is none of this id.
  std::string shed(const core::session_id& id, std::size_t excess);
  /// Resets all streams of this owner.
  void close_streams(const owner_id& owner, core::reset_code why);
  /// `session` is its short name.
  bool close_stream(std::string_view session, core::stream_id id);

  const std::map<core::session_id, session_ref>& all() const noexcept { return sessions_; }

 private:
  /// Where a bridge belongs, or why it has no place.
  struct placing {
    core::welcome_status status = core::welcome_status::ok;
    session_ref joined{};
    std::optional<core::limit_reason> why{};
  };
  static placing no_more(core::limit_reason why) { return {core::welcome_status::limit, {}, why}; }
  placing find_place(const core::hello& said, const owner_id& owner, const std::string& user, open_to whom,
                     core::timestamp now, bool room);
  static void agree_on_bridge(const core::hello& said, answer& out);
  placing create(core::bridge_id first, const owner_id& owner, const std::string& user, core::timestamp now);
  placing join(const core::hello& said, const owner_id& owner, bool room);
  void on_stream(server_session& of, core::stream_id id) override { host_.on_stream(of, id); }
  void on_end(server_session& which, const std::string& why) override;
  void on_memory(server_session& which, std::size_t bytes) override { host_.on_memory(which, bytes); }

  server_settings settings_;
  core::instance_id instance_;
  host& host_;
  trace::observer trace_;
  std::map<core::session_id, session_ref> sessions_;
};

}  // namespace mtcp
