// Congestion controls whose window grows until a packet is lost: Reno (RFC 5681), CUBIC (RFC 9438), and one that grows
// as CUBIC does but halves upon loss as Reno does, which is harsher than either.
#pragma once

#include "sim/congestion.hpp"

namespace mtcp::sim {

class loss_based final : public congestion {
 public:
  struct traits {
    double after_loss;  ///< share of the window that remains
    bool cubic;         ///< how it grows
    bool by_the_book;   ///< RFC 9438: its Reno-friendly region (4.3) and fast convergence (4.7)
  };
  static constexpr traits reno{.after_loss = 0.5, .cubic = false, .by_the_book = false};
  static constexpr traits cubic{.after_loss = 0.7, .cubic = true, .by_the_book = true};
  static constexpr traits careful{.after_loss = 0.5, .cubic = true, .by_the_book = false};

  loss_based(std::size_t segment, std::size_t initial_window, const traits& how) noexcept
      : how_(how), segment_(segment), initial_(initial_window), window_(static_cast<double>(initial_window)) {}

  std::size_t window() const noexcept override { return static_cast<std::size_t>(window_); }
  bool slow_start() const noexcept override { return window_ < threshold_; }
  void acked(std::size_t bytes, timestamp now, duration rtt) noexcept override;
  void lost() noexcept override;
  void timed_out() noexcept override;
  void undo() noexcept override;
  /// The window of a sender that pauses falls back (RFC 2861).
  void after_idle(duration idle, duration timeout) noexcept override;

 private:
  double cubic_target(timestamp at) const noexcept;
  double as_reno() const noexcept;
  void begin_epoch(timestamp now) noexcept;
  void reduce() noexcept;

  traits how_;
  std::size_t segment_;
  std::size_t initial_;
  double window_;
  double threshold_ = 1e18;
  double undo_window_ = 0;
  double undo_threshold_ = 0;
  double peak_ = 0;           ///< window before the last reduction
  timestamp epoch_{-1};       ///< when congestion avoidance began after it; -1 for not yet
  double recovery_time_ = 0;  ///< K: seconds from then until the window is back at the peak
  double reno_window_ = 0;    ///< what Reno would have by now, in CUBIC's Reno-friendly region
};

}  // namespace mtcp::sim
