// The latest steps of a series, each the sum of what was seen in it: a fixed 32 bytes a step.
//
// Steps are of the wall clock (seconds since 1970, divided by their width), so that what nobody looked at, since the
// program did not run or its machine slept, stays a gap.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "status/path_sample.hpp"

namespace mtcp::status {

/// A step's sums. Means are over the time that was looked at, which may be less than the step.
struct path_step {
  float seconds = 0;  ///< that were looked at; 0: a gap
  float bytes_up = 0, bytes_down = 0, retransmitted_bytes = 0;
  float in_flight = 0;             ///< bytes times seconds
  float rtt = 0, rtt_seconds = 0;  ///< ms times seconds, and for how many of them it was known
  float rtt_most = 0;              ///< ms

  bool is_gap() const noexcept { return seconds == 0; }
  bool knows_rtt() const noexcept { return rtt_seconds > 0; }
  double rate_up() const noexcept { return double{bytes_up} / double{seconds}; }
  double rate_down() const noexcept { return double{bytes_down} / double{seconds}; }
  double in_flight_bytes() const noexcept { return double{in_flight} / double{seconds}; }
  double rtt_ms() const noexcept { return double{rtt} / double{rtt_seconds}; }

  /// A part of a sample, which was `part` of its bytes and took so many seconds.
  void add(const path_sample& s, double part, double took) {
    seconds += static_cast<float>(took);
    bytes_up += static_cast<float>(s.bytes_up * part);
    bytes_down += static_cast<float>(s.bytes_down * part);
    retransmitted_bytes += static_cast<float>(s.retransmitted_bytes * part);
    in_flight += static_cast<float>(s.in_flight_bytes * took);
    if (s.rtt_ms <= 0) return;
    rtt += static_cast<float>(s.rtt_ms * took);
    rtt_seconds += static_cast<float>(took);
    rtt_most = std::max(rtt_most, static_cast<float>(s.rtt_most_ms));
  }
  /// What another path did in the same step.
  void merge(const path_step& other) {
    seconds = std::max(seconds, other.seconds);
    bytes_up += other.bytes_up;
    bytes_down += other.bytes_down;
    retransmitted_bytes += other.retransmitted_bytes;
    in_flight += other.in_flight;
    rtt += other.rtt;
    rtt_seconds += other.rtt_seconds;
    rtt_most = std::max(rtt_most, other.rtt_most);
  }
};

class step_ring {
 public:
  /// `width` in seconds.
  step_ring(std::size_t size, unsigned width) : steps_(size), width_(width) {}

  std::size_t size() const noexcept { return steps_.size(); }
  std::int64_t step_of(double unix_time) const { return static_cast<std::int64_t>(std::floor(unix_time / width_)); }

  /// A sample of the `seconds` until then, spread over the steps that they touch. Where the clock was set back a little
  /// a step has more seconds than it is long; where it was set back by more than the ring holds all begins anew.
  void add(const path_sample& sample, double until, double seconds) {
    for (double from = until - seconds; from < until;) {
      const std::int64_t step = step_of(from);
      const double took = std::min(until, static_cast<double>(step + 1) * width_) - from;
      if (took <= 0) return;  // no clock of today
      at_or_new(step).add(sample, took / seconds, took);
      from += took;
    }
  }
  void merge(const step_ring& other) {
    other.for_each([this](std::int64_t step, const path_step& one) {
      if (!is_too_old(step)) at_or_new(step).merge(one);
    });
  }
  /// As it was before, of the same ring.
  void restore(std::int64_t step, const path_step& was) {
    if (!is_too_old(step)) at_or_new(step) = was;
  }
  /// Of each step that is no gap, from the oldest on: see(step, what).
  template <class See>
  void for_each(See see) const {
    for (std::int64_t step = next_ - static_cast<std::int64_t>(size()); step < next_; ++step)
      if (!at(step).is_gap()) see(step, at(step));
  }
  const path_step& at(std::int64_t step) const {
    static const path_step gap;
    return step >= next_ || is_too_old(step) ? gap : steps_[slot_of(step)];
  }

 private:
  bool is_too_old(std::int64_t step) const { return step + static_cast<std::int64_t>(size()) < next_; }
  std::size_t slot_of(std::int64_t step) const {
    const auto count = static_cast<std::int64_t>(size());
    return static_cast<std::size_t>((step % count + count) % count);
  }
  path_step& at_or_new(std::int64_t step) {
    if (is_too_old(step) || step - next_ >= static_cast<std::int64_t>(size())) {
      std::ranges::fill(steps_, path_step{});
      next_ = step;
    }
    for (; next_ <= step; ++next_) steps_[slot_of(next_)] = {};
    return steps_[slot_of(step)];
  }

  std::vector<path_step> steps_;
  unsigned width_;
  std::int64_t next_ = 0;  // behind the latest step
};

}  // namespace mtcp::status
