// How many bytes a bridge may have in flight: a little more than its own measured rate fills, so that a deep buffer on
// the way stays empty and a frame is bound to a bridge as late as possible.
//
// While the rate is unknown the cap doubles once per round, as slow start does, until the rate has not grown by a
// quarter for three rounds (the full-pipe test of BBR, draft-cardwell-iccrg-bbr-congestion-control, section 4.3.1.2).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "mtcp/core/types.hpp"

namespace mtcp::core {

/// Unsent bytes that the kernel may hold: 5 ms of the rate. Less starves a fast bridge between two wake-ups of the
/// program, more binds frames too early.
inline std::size_t slack_for(double rate) {
  return static_cast<std::size_t>(std::clamp(rate * 0.005, 32.0 * 1024, 512.0 * 1024));
}

class send_cap {
 public:
  static constexpr std::uint64_t start = 256 * 1024;
  static constexpr duration ack_delay = std::chrono::milliseconds(5);

  /// A round of acknowledgements ended. `limited`: the cap held sending back in it. `busy`: there always was something
  /// to send, so that the kernel or the path did.
  void on_round(double rate, bool limited, bool busy = false) {
    if (started_) return;
    if (rate > best_ * 1.25) {
      best_ = rate;
      flat_rounds_ = 0;
    } else if ((limited || busy) && ++flat_rounds_ >= 3) {
      started_ = true;
    }
    if (limited && !started_) startup_ *= 2;
  }

  std::uint64_t value(double rate, duration rtt_minimum, bool recovering) const {
    const double seconds = std::chrono::duration<double>(rtt_minimum + ack_delay).count();
    const double steady = (1.25 * rate * seconds + static_cast<double>(slack_for(rate))) * (recovering ? 2 : 1);
    const auto cap = static_cast<std::uint64_t>(steady);
    return started_ ? cap : std::max(cap, startup_);
  }

  bool started() const { return started_; }

 private:
  std::uint64_t startup_ = start;
  double best_ = 0;
  int flat_rounds_ = 0;
  bool started_ = false;
};

}  // namespace mtcp::core
