// What one TCP sender knows of its path: round-trip times (RFC 6298) and the congestion window, which grows as CUBIC
// does (RFC 9438) but halves upon loss as Reno does (RFC 5681): harsher than either. All sizes in bytes.
#pragma once

#include <cstddef>

#include "mtcp/types.hpp"

namespace mtcp::sim {

using core::duration;
using core::timestamp;

class round_trip {
 public:
  explicit round_trip(duration first) noexcept : smoothed_(first), variation_(first / 2) {}

  void sample(duration rtt) noexcept;
  /// The timer ran out: the next one takes twice as long, until an ack comes.
  void back_off() noexcept { ++expiries_; }
  void answered() noexcept { expiries_ = 0; }
  duration smoothed() const noexcept { return smoothed_; }
  duration timeout() const noexcept;

 private:
  duration smoothed_;
  duration variation_;
  int expiries_ = 0;
};

class congestion {
 public:
  congestion(std::size_t segment, std::size_t initial_window) noexcept
      : segment_(segment), initial_(initial_window), window_(static_cast<double>(initial_window)) {}

  std::size_t window() const noexcept { return static_cast<std::size_t>(window_); }
  bool slow_start() const noexcept { return window_ < threshold_; }

  /// To be called only while the window, and not the application, limits what is sent.
  void acked(std::size_t bytes, timestamp now, duration rtt) noexcept;
  /// Once per window of data, however many packets of it were lost.
  void lost() noexcept;
  void timed_out() noexcept;
  /// The timeout was spurious: an ack of the first transmission came (RFC 5682).
  void undo() noexcept;
  /// The window of a sender that pauses falls back (RFC 2861).
  void after_idle(duration idle, duration timeout) noexcept;

 private:
  double cubic_target(timestamp at) const noexcept;
  void reduce() noexcept;

  std::size_t segment_;
  std::size_t initial_;
  double window_;
  double threshold_ = 1e18;
  double undo_window_ = 0;
  double undo_threshold_ = 0;
  double peak_ = 0;           ///< window before the last reduction
  timestamp epoch_{-1};       ///< when congestion avoidance began after it; -1 for not yet
  double recovery_time_ = 0;  ///< K: seconds from then until the window is back at the peak
};

}  // namespace mtcp::sim
