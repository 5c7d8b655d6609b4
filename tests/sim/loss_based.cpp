#include "sim/loss_based.hpp"

#include <algorithm>

namespace mtcp::sim {

namespace {

constexpr double cubic_scale = 0.4;  // C, in segments per second cubed

double seconds(duration d) noexcept { return static_cast<double>(d.count()) * 1e-9; }

// Newton's method: libraries differ in the last bit of std::cbrt, and a run must be the same everywhere.
double cube_root(double x) noexcept {
  double root = x > 1 ? x : 1;
  for (int i = 0; i < 60; ++i) root = (2 * root + x / (root * root)) / 3;
  return root;
}

}  // namespace

double loss_based::cubic_target(timestamp at) const noexcept {
  const double t = seconds(at - epoch_) - recovery_time_;
  return peak_ + cubic_scale * t * t * t * static_cast<double>(segment_);
}

// Segments per round trip with which a Reno that keeps this share upon loss is as fast as one that halves (RFC 9438,
// section 4.3), until the window is back at its peak.
double loss_based::as_reno() const noexcept {
  return reno_window_ < peak_ ? 3 * (1 - how_.after_loss) / (1 + how_.after_loss) : 1;
}

void loss_based::begin_epoch(timestamp now) noexcept {
  epoch_ = now;
  peak_ = std::max(peak_, window_);
  recovery_time_ = cube_root((peak_ - window_) / static_cast<double>(segment_) / cubic_scale);
  reno_window_ = window_;
}

void loss_based::acked(std::size_t bytes, timestamp now, duration rtt) noexcept {
  const auto amount = static_cast<double>(bytes);
  const auto segment = static_cast<double>(segment_);
  if (slow_start()) {
    window_ += amount;
    return;
  }
  if (!how_.cubic) {
    window_ += segment * amount / window_;
    return;
  }
  if (epoch_ < timestamp{0}) begin_epoch(now);
  const double target = std::clamp(cubic_target(now + rtt), window_, 1.5 * window_);
  if (!how_.by_the_book) {
    window_ += std::max(target - window_, segment) * amount / window_;  // never slower than Reno
    return;
  }
  reno_window_ += as_reno() * segment * amount / window_;
  window_ = std::max(window_ + (target - window_) * amount / window_, reno_window_);
}

void loss_based::reduce() noexcept {
  const bool still_below = how_.by_the_book && window_ < peak_;
  peak_ = still_below ? window_ * (1 + how_.after_loss) / 2 : window_;
  epoch_ = timestamp{-1};
  threshold_ = std::max(window_ * how_.after_loss, 2.0 * static_cast<double>(segment_));
}

void loss_based::lost() noexcept {
  reduce();
  window_ = threshold_;
}

void loss_based::timed_out() noexcept {
  undo_window_ = window_;
  undo_threshold_ = threshold_;
  reduce();
  window_ = static_cast<double>(segment_);
}

void loss_based::undo() noexcept {
  window_ = std::max(window_, undo_window_);
  threshold_ = undo_threshold_;
}

void loss_based::after_idle(duration idle, duration timeout) noexcept {
  const auto floor = static_cast<double>(initial_);
  if (idle <= timeout || window_ <= floor) return;
  threshold_ = std::max(threshold_, 0.75 * window_);
  for (; idle > timeout && window_ > floor; idle -= timeout) window_ /= 2;
  window_ = std::max(window_, floor);
  epoch_ = timestamp{-1};
}

}  // namespace mtcp::sim
