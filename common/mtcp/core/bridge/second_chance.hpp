// When a bridge that is more hindrance than help is tried again: the network may have become better. A trial costs the
// stream a wait, so each one that was in vain makes the pause before the next twice as long.
#pragma once

#include <algorithm>
#include <chrono>

#include "mtcp/types.hpp"

namespace mtcp::core {

class second_chance {
 public:
  /// It would be of no use now. True when it is to be tried all the same.
  bool on_hindrance(timestamp now) {
    if (!waits_) since_ = now;
    waits_ = true;
    return now - since_ >= pause_;
  }
  /// It is tried now, or another one of its path is, and it waits for longer.
  void on_trial(bool itself, timestamp now) {
    waits_ = !itself;
    since_ = now;
    pause_ = std::min(2 * pause_, longest);
  }
  /// It is of use. True if it was not before.
  bool on_help() {
    const bool before = waits_ || pause_ > shortest;
    *this = {};
    return before;
  }
  /// It was of no use when it was last used.
  bool waits() const { return waits_; }

 private:
  static constexpr duration shortest = std::chrono::seconds(10);
  static constexpr duration longest = std::chrono::minutes(5);

  bool waits_ = false;
  timestamp since_{0};
  duration pause_ = shortest;
};

}  // namespace mtcp::core
