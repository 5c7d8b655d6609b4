// How late frames of a bridge come when it is well: where packets are lost TCP sends them again a round trip later, and
// all that follow wait for them. A copy on another bridge would not be there sooner, and takes the place of new bytes.
#pragma once

#include <algorithm>
#include <chrono>

#include "mtcp/types.hpp"

namespace mtcp::core {

class repair_delay {
 public:
  /// A frame was acknowledged so long after it was due.
  void sample(duration late, timestamp now) {
    if (now - window_start_ >= half_window) {
      previous_ = now - window_start_ < 2 * half_window ? most_ : duration::zero();
      most_ = duration::zero();
      window_start_ = now;
    }
    most_ = std::max(most_, late);
  }
  /// The most of the last seconds.
  duration usual() const { return std::max(most_, previous_); }

 private:
  static constexpr duration half_window = std::chrono::seconds(5);

  duration most_{0}, previous_{0};
  timestamp window_start_{0};
};

}  // namespace mtcp::core
