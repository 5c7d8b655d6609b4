// A session as the server keeps it: whose it is, what it takes to join it, and when it ends for want of bridges. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/session/session.hpp"
#include "mtcp/session/worker.hpp"

namespace mtcp {

/// Names whose key it is, without being secret.
using owner_id = std::array<std::byte, 8>;

struct server_settings {
  core::limits limits{};
  core::duration resume_timeout = std::chrono::seconds(60);  ///< a session outlives its last bridge by this much
  std::size_t sessions_per_owner = 64;
  std::size_t bridges_per_session = 128;
};

class server_session final : public worker, private session::owner {
 public:
  /// What it tells the server.
  class listener {
   public:
    /// A client has opened a stream, or wants something listened on. Answer or refuse it.
    virtual void on_stream(server_session& of, core::stream_id id) = 0;
    /// Called once. The listener may drop its reference; destroy the session in a later turn only.
    virtual void on_end(server_session& which, const std::string& why) = 0;
    /// It holds so much memory now; told when that has changed by much.
    virtual void on_memory(server_session& which, std::size_t bytes) = 0;

   protected:
    ~listener() = default;
  };
  struct identity {
    core::session_id id;
    core::join_secret secret;
    owner_id owner;
    std::string user;  ///< for logs and statistics
  };

  server_session(const server_settings& settings, identity who, listener& told, core::timestamp now);

  /// `by` gives the session its turns until the listener hears of its end.
  void wake_by(waker& woken) noexcept { waker_ = &woken; }

  const core::session_id& id() const noexcept { return who_.id; }
  const core::join_secret& secret() const noexcept { return who_.secret; }
  const owner_id& owner() const noexcept { return who_.owner; }
  const std::string& user() const noexcept { return who_.user; }
  /// Where its latest bridge comes from.
  const std::string& from() const noexcept { return from_; }
  void came_from(std::string address) { from_ = std::move(address); }
  session& core() noexcept { return core_; }
  const session& core() const noexcept { return core_; }

  /// Whether a peer that holds the key of `holder` and said `hello` may join. Takes as long for every wrong secret.
  bool may_join(const owner_id& holder, const core::hello& hello) const;
  /// What to tell a bridge that wants this id: `refused` if it has been used before, `limit` if there are bridges
  /// enough.
  core::welcome_status claim_bridge(core::bridge_id id);

  /// What the HELLO that creates the session offers, and what WELCOME answers.
  void agree(const core::extension_list& offered, core::extension_list& accepted);

  /// The session ends resume_timeout after its last bridge; at once if the client has said goodbye before.
  void attach(core::bridge_id id, link& connection, const core::bridge_options& use, core::timestamp now);
  session::lost_bridge detach(core::bridge_id id, core::timestamp now);
  /// A bridge that had a place did not come up after all, and its id is used up. Without any other bridge, nobody knows
  /// of the session.
  void bridge_failed(core::bridge_id id, core::timestamp now);
  /// Tells the client to go, and ends.
  void leave(core::duration patience, core::timestamp now);
  void end(error_code why, const std::string& text);
  /// Gives back so many bytes, or more: resets its largest streams, or ends if that does not help. Returns what it did,
  /// for a log.
  std::string shed(std::size_t excess);

  void work(core::timestamp now) override;
  std::optional<core::timestamp> next_deadline() const override;

 private:
  enum class stage : std::uint8_t {
    begun,     ///< no bridge has come up yet
    used,      ///< one has
    deserted,  ///< the client has said goodbye
    over,      ///< and the listener knows
  };

  void wake() override;
  void on_event(const core::event& what, core::timestamp now) override;
  void on_goodbye();
  void tell_memory();
  void end_if_alone(core::timestamp now);

  const server_settings& settings_;
  listener& listener_;
  waker* waker_ = nullptr;
  identity who_;
  std::string from_;
  session core_;
  core::duration resume_timeout_;
  std::set<core::bridge_id> claimed_;           // and not attached yet
  std::optional<core::timestamp> alone_since_;  ///< unset while it has bridges
  stage stage_ = stage::begun;
  std::size_t told_memory_ = 0;
};

}  // namespace mtcp
