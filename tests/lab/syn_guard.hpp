// A network that takes connections which are dialled in quick succession for an attack. Pure: time is a parameter.
#pragma once

#include <optional>

#include "lab/options.hpp"

namespace mtcp::lines {

class syn_guard {
 public:
  /// A SYN that comes sooner than `gap` after the one before is dropped, and so are all others for the time of `block`.
  syn_guard(duration gap, duration block) : gap_(gap), block_(block) {}

  bool admit(time_point now) {
    if (now < blocked_until_) return false;
    const bool too_soon = last_ && now - *last_ < gap_;
    last_ = now;
    if (!too_soon) return true;
    blocked_until_ = now + block_;
    ++blocks_;
    return false;
  }
  unsigned blocks() const noexcept { return blocks_; }

 private:
  duration gap_, block_;
  std::optional<time_point> last_;
  time_point blocked_until_{};
  unsigned blocks_ = 0;
};

}  // namespace mtcp::lines
