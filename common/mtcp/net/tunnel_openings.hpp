// The streams that a client has been asked for and that are not open yet: those that wait for a session, and those that
// wait for the server's answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "mtcp/core/types.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/session.hpp"
#include "mtcp/net/tunnel.hpp"

namespace mtcp::detail {

class openings {
 public:
  using clock = std::chrono::steady_clock;

  std::uint64_t next_ticket() { return next_ticket_++; }
  /// It waits for submit(), until `give_up`.
  void add(std::uint64_t ticket, open_request request, open_completion done, clock::time_point give_up);
  /// Sends the OPEN of each that waits.
  void submit(session& through);
  /// `through` may be null if there is no session.
  void cancel(std::uint64_t ticket, session* through);

  /// Takes note of opened, refused, writable and stopped.
  void on_event(session& from, const core::event& what);

  /// The session is over: what was sent through it fails.
  void fail_sent(error_code why);
  void fail_all(error_code why);
  /// Fails those that have waited for too long.
  void expire(clock::time_point now);
  /// When the next of those that wait gives up.
  std::optional<clock::time_point> next_expiry();

 private:
  struct opening {
    open_request request;
    open_completion done;
    clock::time_point give_up;
    core::stream_id id = 0;  ///< 0 while it waits for a session
    std::size_t taken = 0;   ///< of the early bytes
    bool answered = false;
    bool stopped = false;  ///< the server wants no bytes, although it may send some
  };
  using table = std::unordered_map<std::uint64_t, opening>;  // by ticket

  bool submit_one(session& through, std::uint64_t ticket, opening& one);
  /// Whose turn it is of those that wait; all_.end() if none does.
  table::iterator oldest_waiting();
  void advance(session& through, table::iterator it);
  void finish(table::iterator it, error_code error, stream opened);

  std::uint64_t next_ticket_ = 1;
  table all_;
  std::deque<std::uint64_t> waiting_;                        // tickets, some of which may be over
  std::unordered_map<core::stream_id, std::uint64_t> sent_;  // ticket by stream
};

}  // namespace mtcp::detail
