// When to look at the traffic again: often while there is some, rarely while there is none. Pure.
#pragma once

#include <cstdint>
#include <utility>

#include "mtcp/types.hpp"

namespace mtcp {

class traffic_look {
 public:
  /// Every `interval`, and so many times more rarely while nothing is carried.
  traffic_look(core::duration interval, int rarer) : interval_(interval), rarer_(rarer) {}

  bool due(core::timestamp now) const { return now >= next_; }
  core::timestamp next() const { return next_; }
  /// So many bytes were carried so far.
  void look(core::timestamp now, std::uint64_t bytes) {
    const bool idle = std::exchange(carried_, bytes) == bytes;
    next_ = now + (idle ? rarer_ : 1) * interval_;
  }

 private:
  core::duration interval_;
  int rarer_;
  core::timestamp next_{0};
  std::uint64_t carried_ = 0;
};

}  // namespace mtcp
