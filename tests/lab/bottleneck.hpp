// A queue in front of a limited rate; when it is full, packets are dropped. Pure: time is a parameter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "lab/options.hpp"

namespace mtcp::lines {

class bottleneck {
 public:
  /// Bytes per second, 0 for no limit; bytes that may wait.
  bottleneck(double rate, std::size_t queue) : rate_(rate), queue_(queue) {}

  /// When a packet that comes now has left; nothing if it is dropped.
  std::optional<time_point> departure(std::size_t size, time_point now) {
    if (rate_ <= 0) return now;
    const time_point starts = std::max(free_at_, now);
    if (std::chrono::duration<double>(starts - now).count() * rate_ > static_cast<double>(queue_)) return std::nullopt;
    free_at_ = starts + duration(static_cast<std::int64_t>(1e9 * static_cast<double>(size) / rate_));
    return free_at_;
  }

  /// For what comes from now on: what waits already leaves at the old rate.
  void set_rate(double rate) { rate_ = rate; }

 private:
  double rate_;
  std::size_t queue_;
  time_point free_at_{};
};

}  // namespace mtcp::lines
