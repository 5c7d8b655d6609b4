// When bytes leave a line of a given rate. Pure: time is a parameter.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace mtcp::lab {

/// A token bucket told in time: the line is busy until `free_at_`. A caller who comes late may catch up at most
/// `credit`, so that the scheduling noise of a busy machine does not lower the rate.
class pacer {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds credit{10};
  /// How long a single send may occupy the line; keeps the flow smooth.
  static constexpr std::chrono::milliseconds quantum{4};

  /// Bytes per second; 0 for no limit.
  explicit pacer(double rate = 0) : rate_(rate) {}
  void set_rate(double rate) { rate_ = rate; }

  /// When the last of `bytes` that are ready at `now` has left the line.
  time_point departure(std::size_t bytes, time_point now) {
    if (rate_ <= 0) return now;
    const std::chrono::duration<double> busy(static_cast<double>(bytes) / rate_);
    free_at_ = std::max(free_at_, now - credit) + std::chrono::duration_cast<time_point::duration>(busy);
    return std::max(free_at_, now);
  }

  /// Bytes to take at once, at most `most`.
  std::size_t batch(std::size_t most) const {
    if (rate_ <= 0) return most;
    const double bytes = rate_ * std::chrono::duration<double>(quantum).count();
    return std::clamp<std::size_t>(static_cast<std::size_t>(bytes), 1024, most);
  }

 private:
  double rate_;
  time_point free_at_{};
};

}  // namespace mtcp::lab
