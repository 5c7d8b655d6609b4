// What a client has the server listen on, and how that stands: it is asked for with each new session, stays as long as
// the session does, and is asked for again, less and less often, where the server has refused or ended it. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/reverse_options.hpp"
#include "mtcp/session/session.hpp"
#include "mtcp/session/trace.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp {

class reverse_listeners {
 public:
  /// Streams that the server may have open for all of them together.
  static constexpr std::size_t max_streams = 4096;
  static constexpr core::duration first_pause = std::chrono::seconds(5);
  static constexpr core::duration longest_pause = std::chrono::minutes(1);

  /// Who takes the streams that the server opens.
  class listener {
   public:
    /// Answer or refuse it.
    virtual void on_accepted(session& through, core::stream_id id, const reverse_options& by) = 0;

   protected:
    ~listener() = default;
  };

  reverse_listeners(std::vector<reverse_options> wanted, trace::observer traced);
  /// Before there is a session.
  void hand_to(listener& taker) { taker_ = &taker; }

  /// Whether the server is to be asked at all.
  bool wanted() const noexcept { return !all_.empty() && !withdrawn_; }
  /// There is a session. `agreed`: the server knows of listening for clients.
  void begin(session& through, bool agreed, core::timestamp now);
  void on_session_over();
  /// Of a stream that stands for one of these, or was opened by the server for one; false if it is neither.
  bool on_event(session& from, const core::event& what, core::timestamp now);
  /// Asks again where it is time.
  void work(session& through, core::timestamp now);
  std::optional<core::timestamp> next() const;
  /// The server is to listen no more. `through` may be null if there is no session.
  void withdraw(session* through, core::timestamp now);

  void describe(tunnel_snapshot& out) const;

 private:
  using state = listener_snapshot::state;
  struct entry {
    reverse_options what;
    state now = state::waiting;
    core::stream_id id = 0;  ///< while it is asked for, or there
    core::target bound{};
    std::string why{};
    std::uint64_t accepted = 0;
    core::duration pause{0};
    std::optional<core::timestamp> ask_at{};
  };

  entry* find(core::stream_id id);
  void ask(entry& one, session& through, core::timestamp now);
  void on_opened(entry& one, const session& from);
  void on_incoming(session& from, core::stream_id id, core::timestamp now);
  void fail(entry& one, const std::string& why, core::timestamp now);
  void read(entry& one, session& from, core::timestamp now);
  void tell(const entry& one, state now, const std::string& why) const;

  trace::observer trace_;
  listener* taker_ = nullptr;
  std::vector<entry> all_;
  bool withdrawn_ = false;
};

}  // namespace mtcp
