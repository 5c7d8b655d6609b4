// The minimum of what was measured in the last while: in two halves, of which the older one is forgotten when the newer
// one is full.
#pragma once

#include <algorithm>

#include "mtcp/types.hpp"

namespace mtcp::core {

class windowed_minimum {
 public:
  explicit windowed_minimum(duration half) : half_(half) {}

  void sample(duration measured, timestamp now) {
    if (now - start_ >= half_ || newer_ == duration::max()) {
      older_ = newer_ == duration::max() ? measured : newer_;
      newer_ = measured;
      start_ = now;
    }
    newer_ = std::min(newer_, measured);
  }
  /// Not before something was measured.
  duration value() const { return std::min(newer_, older_); }

 private:
  duration half_;
  duration newer_ = duration::max();
  duration older_ = duration::max();
  timestamp start_{0};
};

}  // namespace mtcp::core
