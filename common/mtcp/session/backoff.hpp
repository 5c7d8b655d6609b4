// The pause before the next dial: doubles with each failure, and varies by half so that clients do not return to a
// restarted server in step. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "mtcp/types.hpp"

namespace mtcp {

class backoff {
 public:
  /// `seed` decides how the pauses vary.
  backoff(core::duration first, core::duration longest, std::uint64_t seed)
      : seed_(seed), first_(first), longest_(longest), random_(static_cast<std::minstd_rand::result_type>(seed)) {}

  /// Dials that were under way together and fail together count once. The pause runs from when the dial had begun: one
  /// that was waited for in vain for that long was pause enough.
  void failed(core::timestamp begun, core::timestamp now) {
    if (now < not_before_) return;
    pause_ = pause_ == core::duration::zero() ? first_ : std::min(pause_ * 2, longest_);
    not_before_ = std::max(begun + varied(pause_), now + first_ / 2);
  }
  /// Waiting less will not help.
  void failed_for_long(core::timestamp now, core::duration at_least = {}) {
    pause_ = std::max(longest_, at_least);
    not_before_ = now + varied(pause_);
  }
  void reset() {
    pause_ = {};
    not_before_ = {};
  }
  bool failing() const { return pause_ != core::duration::zero(); }
  core::timestamp not_before() const { return not_before_; }
  std::uint64_t seed() const { return seed_; }

 private:
  core::duration varied(core::duration pause) {
    std::uniform_int_distribution<core::duration::rep> spread(pause.count() / 2, pause.count());
    return core::duration(spread(random_));
  }

  std::uint64_t seed_;
  core::duration first_, longest_, pause_{0};
  core::timestamp not_before_{0};
  std::minstd_rand random_;
};

}  // namespace mtcp
