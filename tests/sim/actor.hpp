// The program at one end of a stream: it writes what its plan says, checks each byte that it reads, and keeps account
// of how both directions ended. It acts on what its session tells it and on nothing else, so a missing event shows as a
// hang.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mtcp/core/engine.hpp"
#include "mtcp/session/session.hpp"
#include "sim/connection.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/plan.hpp"

namespace mtcp::sim {

class actor final : public stream_listener {
 public:
  /// How the sending half ended. `stopped`: the peer wanted no more.
  enum class sent : std::uint8_t { going_on, finished, reset, stopped };
  /// How the receiving half ended. `given_up`: this end itself wanted no more.
  enum class got : std::uint8_t { going_on, end, reset, given_up };

  struct account {
    std::uint64_t written = 0;  ///< bytes
    std::uint64_t read = 0;
    sent sending = sent::going_on;
    got receiving = got::going_on;
    bool died = false;  ///< reset() was called: both directions ended at once
    bool refused = false;
    bool lost = false;  ///< the session ended under it
    timestamp began{0};
    timestamp last_read{0};  ///< before any, when it began
    timestamp pause_ended{0};
    duration longest_pause{0};    ///< between two reads, since the first
    std::vector<duration> turns;  ///< dialogue: from asking to the whole answer
  };

  /// Bytes to send carry the content of `out_seed`, bytes to read that of `in_seed`.
  actor(event_queue& events, side which, const end_plan& does, std::uint64_t out_seed, std::uint64_t in_seed,
        journal& log);
  actor(const actor&) = delete;
  actor& operator=(const actor&) = delete;

  /// The stream exists. It does nothing before start().
  void take(session& through, core::stream_id id);
  /// `early` bytes of it have been written with open().
  void start(std::uint64_t early, bool stopped = false);
  /// The stream is gone before it was answered.
  void refused();

  void on_readable() override;
  void on_datagram() override {}
  void on_writable() override;
  void on_stopped() override;
  void on_refused(error_code why) override;
  void on_closed(core::reset_code) override { die(); }
  void on_session_over(error_code why) override;
  const core::target& target() const override { return target_; }
  const core::target& source() const override { return target_; }
  timestamp opened_at() const override { return account_.began; }

  /// Ends whatever still goes on: the run is over for everybody else.
  void lose_session();

  bool known() const noexcept { return id_ != 0; }
  core::stream_id id() const noexcept { return id_; }
  bool done() const noexcept { return done_; }
  /// Waits for ever, by its own plan.
  bool stuck_for_good() const noexcept;
  /// For a reader of the trace: what it waits for.
  void note_state() const;
  const account& result() const noexcept { return account_; }
  const end_plan& does() const noexcept { return does_; }

 private:
  void progress();
  bool read_some();
  std::uint64_t read_limit();
  std::uint64_t paced_limit();
  core::read_result read(std::size_t most);
  void check(std::span<const std::byte> bytes);
  void note_progress();
  void note_turns();
  void give_up_reading();
  bool write_some();
  std::uint64_t write_limit();
  /// When a message that does not wait for answers is to be sent.
  timestamp message_due(std::uint64_t number) const {
    return account_.began + static_cast<std::int64_t>(number) * does_.every;
  }
  void end_sending();
  void die();
  void finish();
  void leave_session();
  void wake_at(timestamp when) { wake_.arm(std::min(when, wake_.due())); }

  event_queue& events_;
  side side_;
  end_plan does_;
  std::uint64_t out_seed_, in_seed_;
  journal& log_;
  session* session_ = nullptr;
  core::stream_id id_ = 0;  ///< 0: there is no stream yet
  core::target target_;
  account account_;
  bool started_ = false;
  bool done_ = false;
  bool drained_ = false;  ///< nothing to read until events::readable
  bool blocked_ = false;  ///< no room to write until events::writable
  timer wake_;
  timestamp stuck_until_{0};
  std::uint64_t turns_answered_ = 0;
  timestamp turn_begins_{0};
  std::vector<core::slice> slices_;
};

}  // namespace mtcp::sim
