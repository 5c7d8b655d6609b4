// When to look at the traffic again: often while there is some, rarely while there is none, and at once when it begins.
// Pure.
#pragma once

#include <cstdint>
#include <utility>

#include "mtcp/types.hpp"

namespace mtcp {

class traffic_look {
 public:
  explicit traffic_look(core::duration interval) : interval_(interval) {}

  bool due(core::timestamp now) const { return now >= next_; }
  core::timestamp next() const { return next_; }
  /// So many bytes were carried so far. While nothing is carried the next look comes within
  /// `idle_interval`, at a multiple of it, so that several of these wake the program once.
  void look(core::timestamp now, std::uint64_t bytes, core::duration idle_interval) {
    idle_ = std::exchange(carried_, bytes) == bytes;
    next_ = idle_ ? core::next_multiple(now, idle_interval) : now + interval_;
  }
  /// The last look saw nothing carried: stir() should be told.
  bool idle() const { return idle_; }
  /// A look is due if this is more than the last look saw.
  void stir(std::uint64_t bytes) {
    if (bytes != carried_) next_ = core::timestamp(0);
  }

 private:
  core::duration interval_;
  bool idle_ = false;
  core::timestamp next_{0};
  std::uint64_t carried_ = 0;
};

}  // namespace mtcp
