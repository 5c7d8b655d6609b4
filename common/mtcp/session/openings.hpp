// The streams that a client has been asked for and that are not open yet: those that wait for a session, and those that
// wait for the server's answer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "mtcp/session/session.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class openings {
 public:
  /// Who is told how each ended, once. What it does may end others.
  class listener {
   public:
    /// The stream is open, and all early bytes are taken. `stopped`: the server wants no more bytes, although it may
    /// send some.
    virtual void on_opened(std::uint64_t ticket, session& through, core::stream_id id, const core::target& to,
                           bool stopped) = 0;
    virtual void on_not_opened(std::uint64_t ticket, error_code why) = 0;

   protected:
    ~listener() = default;
  };

  explicit openings(listener& told) : listener_(told) {}

  bool empty() const noexcept { return all_.empty(); }
  std::uint64_t next_ticket() { return next_ticket_++; }
  /// It waits for submit(), until `give_up`.
  void add(std::uint64_t ticket, core::target to, std::vector<std::byte> early, core::timestamp give_up);
  /// Sends the OPEN of each that waits.
  void submit(session& through, core::timestamp now);
  /// `through` may be null if there is no session.
  void cancel(std::uint64_t ticket, session* through, core::timestamp now);

  /// Takes note of opened, refused, writable and stopped.
  void on_event(session& from, const core::event& what, core::timestamp now);

  /// The session is over: what was sent through it fails.
  void fail_sent(error_code why);
  void fail_all(error_code why);
  /// Each fails; what was sent is cancelled. `through` as for cancel().
  void give_up(session* through, error_code why, core::timestamp now);
  /// Fails those that have waited for too long.
  void expire(core::timestamp now);
  /// When the next of those that wait gives up.
  std::optional<core::timestamp> next_expiry();

 private:
  struct opening {
    core::target to;
    std::vector<std::byte> early;
    core::timestamp give_up;
    core::stream_id id = 0;  ///< 0 while it waits for a session
    std::size_t taken = 0;   ///< of the early bytes
    bool answered = false;
    bool stopped = false;
  };
  using table = std::unordered_map<std::uint64_t, opening>;  // by ticket

  bool submit_one(session& through, std::uint64_t ticket, opening& one, core::timestamp now);
  /// Whose turn it is of those that wait; all_.end() if none does.
  table::iterator oldest_waiting();
  void advance(session& through, table::iterator it, core::timestamp now);
  void give_up(table::iterator it, session* through, error_code why, core::timestamp now);
  opening remove(table::iterator it);
  void fail(table::iterator it, error_code why);

  listener& listener_;
  std::uint64_t next_ticket_ = 1;
  table all_;
  std::deque<std::uint64_t> waiting_;                        // tickets, some of which may be over
  std::unordered_map<core::stream_id, std::uint64_t> sent_;  // ticket by stream
};

}  // namespace mtcp
