// What something carried, second by second for ten minutes and in steps of ten seconds for an hour: a fixed 8 KiB.
//
// Time is a tick: whole seconds since the program started. Steps that nothing was added to are zero.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mtcp::status {

/// Bytes per second.
struct rates {
  float up = 0;
  float down = 0;
  friend bool operator==(const rates&, const rates&) = default;
};

/// The latest `size` steps of a series.
class rate_ring {
 public:
  explicit rate_ring(std::size_t size) : values_(size) {}

  std::size_t size() const noexcept { return values_.size(); }
  /// Adds to a step. Steps come in any order; one that has left the ring is ignored.
  void add(std::uint64_t step, rates more) {
    if (step + size() < next_) return;
    for (next_ = std::max(next_, step > size() ? step - size() : 0); next_ <= step; ++next_) slot(next_) = {};
    slot(step).up += more.up;
    slot(step).down += more.down;
  }
  rates at(std::uint64_t step) const {
    if (step >= next_ || step + size() < next_) return {};
    return values_[step % size()];
  }

 private:
  rates& slot(std::uint64_t step) { return values_[step % size()]; }

  std::vector<rates> values_;
  std::uint64_t next_ = 0;  // behind the latest step
};

class rate_history {
 public:
  static constexpr std::size_t seconds_kept = 600;
  static constexpr std::size_t coarse_kept = 360;
  static constexpr unsigned coarse_step = 10;  // seconds

  void add(std::uint64_t tick, rates during) {
    fine_.add(tick, during);
    coarse_.add(tick / coarse_step, {during.up / coarse_step, during.down / coarse_step});
  }
  /// Adds another history to this one.
  void merge(const rate_history& other, std::uint64_t now) {
    merge(fine_, other.fine_, now);
    merge(coarse_, other.coarse_, now / coarse_step);
  }
  const rate_ring& fine() const noexcept { return fine_; }
  const rate_ring& coarse() const noexcept { return coarse_; }

 private:
  static void merge(rate_ring& into, const rate_ring& from, std::uint64_t now) {
    const std::uint64_t oldest = now + 1 > from.size() ? now + 1 - from.size() : 0;
    for (std::uint64_t step = oldest; step <= now; ++step)
      if (from.at(step) != rates{}) into.add(step, from.at(step));
  }

  rate_ring fine_{seconds_kept};
  rate_ring coarse_{coarse_kept};
};

}  // namespace mtcp::status
