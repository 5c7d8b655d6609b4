// When a bridge that its cap holds back is to have less in flight for a moment, so that the queue that the cap keeps
// runs empty, and the round trip without it is seen.
//
// Without that the shortest round trip of the last seconds contains the queue, the cap grows by as much, and so on
// until the queue overflows. BBR does the same (draft-cardwell-iccrg-bbr-congestion-control, section 4.3.4). All
// bridges do it at once, at the beginning of pieces of time that are the same for all, since they may share a line.
#pragma once

#include <chrono>

#include "mtcp/types.hpp"

namespace mtcp::core {

class queue_drain {
 public:
  static constexpr duration interval = std::chrono::seconds(5);

  /// To be called often. Where one begins and is `wanted`, it lasts for `length`.
  void advance(bool wanted, duration length, timestamp now) {
    if (begins_between(last_, now)) {
      last_ = now;
      active_ = wanted;
      until_ = now + length;
    }
    if (now >= until_) active_ = false;
  }
  bool active() const { return active_; }

  /// What was measured from `a` to `b` was disturbed by one.
  static bool begins_between(timestamp a, timestamp b) { return a / interval != b / interval; }

 private:
  bool active_ = false;
  timestamp last_{0}, until_{0};
};

}  // namespace mtcp::core
