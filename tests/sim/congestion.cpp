#include "sim/congestion.hpp"

#include <algorithm>

namespace mtcp::sim {

namespace {

constexpr double cubic_scale = 0.4;  // C, in segments per second cubed
constexpr double after_loss = 0.5;
constexpr duration min_timeout = std::chrono::milliseconds(200);
constexpr duration max_timeout = std::chrono::seconds(120);

double seconds(duration d) noexcept { return static_cast<double>(d.count()) * 1e-9; }

// Newton's method: libraries differ in the last bit of std::cbrt, and a run must be the same everywhere.
double cube_root(double x) noexcept {
  double root = x > 1 ? x : 1;
  for (int i = 0; i < 60; ++i) root = (2 * root + x / (root * root)) / 3;
  return root;
}

}  // namespace

void round_trip::sample(duration rtt) noexcept {
  const duration error = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
  variation_ += (error - variation_) / 4;
  smoothed_ += (rtt - smoothed_) / 8;
}

duration round_trip::timeout() const noexcept {
  const duration base = std::max(min_timeout, smoothed_ + 4 * variation_);
  return std::min(max_timeout, base * (1 << std::min(expiries_, 10)));
}

double congestion::cubic_target(timestamp at) const noexcept {
  const double t = seconds(at - epoch_) - recovery_time_;
  return peak_ + cubic_scale * t * t * t * static_cast<double>(segment_);
}

void congestion::acked(std::size_t bytes, timestamp now, duration rtt) noexcept {
  const auto amount = static_cast<double>(bytes);
  const auto segment = static_cast<double>(segment_);
  if (slow_start()) {
    window_ += amount;
    return;
  }
  if (epoch_ < timestamp{0}) {
    epoch_ = now;
    peak_ = std::max(peak_, window_);
    recovery_time_ = cube_root((peak_ - window_) / segment / cubic_scale);
  }
  const double target = std::clamp(cubic_target(now + rtt), window_, 1.5 * window_);
  // Never slower than Reno: one segment per round trip.
  window_ += std::max(target - window_, segment) * amount / window_;
}

void congestion::reduce() noexcept {
  peak_ = window_;
  epoch_ = timestamp{-1};
  threshold_ = std::max(window_ * after_loss, 2.0 * static_cast<double>(segment_));
}

void congestion::lost() noexcept {
  reduce();
  window_ = threshold_;
}

void congestion::timed_out() noexcept {
  undo_window_ = window_;
  undo_threshold_ = threshold_;
  reduce();
  window_ = static_cast<double>(segment_);
}

void congestion::undo() noexcept {
  window_ = std::max(window_, undo_window_);
  threshold_ = undo_threshold_;
}

void congestion::after_idle(duration idle, duration timeout) noexcept {
  const auto floor = static_cast<double>(initial_);
  if (idle <= timeout || window_ <= floor) return;
  threshold_ = std::max(threshold_, 0.75 * window_);
  for (; idle > timeout && window_ > floor; idle -= timeout) window_ /= 2;
  window_ = std::max(window_, floor);
  epoch_ = timestamp{-1};
}

}  // namespace mtcp::sim
