// How much is carried per second, and how sure that is: the mean of short looks, and what it may be off by. Pure.
#pragma once

#include <cmath>
#include <cstddef>

namespace mtcp {

class measured_rate {
 public:
  /// A look of `seconds` in which so many bytes were carried.
  void add(double bytes, double seconds) {
    if (seconds <= 0) return;
    bytes_ += bytes;
    seconds_ += seconds;
    const double rate = bytes / seconds;
    ++looks_;
    const double before = mean_;
    mean_ += (rate - mean_) / static_cast<double>(looks_);
    squares_ += (rate - before) * (rate - mean_);  // Welford
  }

  /// Bytes per second.
  double rate() const { return seconds_ > 0 ? bytes_ / seconds_ : 0; }
  /// Standard error of it. Looks that follow each other resemble each other: what is lost now is missed for a while.
  double error() const {
    if (looks_ < 2) return rate();
    const auto n = static_cast<double>(looks_);
    return std::sqrt(resemblance * squares_ / (n - 1) / n);
  }

 private:
  static constexpr double resemblance = 2;

  std::size_t looks_ = 0;
  double bytes_ = 0;
  double seconds_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// By which share `now` differs from `before`, and the standard error of that.
struct rate_change {
  double share = 0;
  double error = 0;

  static rate_change between(const measured_rate& before, const measured_rate& now) {
    if (before.rate() <= 0) return {};
    const double share = now.rate() / before.rate();
    return {share - 1, std::hypot(now.error(), share * before.error()) / before.rate()};
  }
  /// It is above the limit, or below it, by more than chance would explain.
  bool clear_of(double limit) const { return std::abs(share - limit) > 1.5 * error; }
};

}  // namespace mtcp
