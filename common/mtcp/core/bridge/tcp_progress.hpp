// Whether TCP is still carrying the frame whose acknowledgement is waited for. On a slow line that can take longer than
// a bridge may stay without progress.
//
// Only that frame counts. Once TCP has all of it the peer ought to answer: what TCP gets across after that may be in
// the buffer of a relay on the way, whose far side is dead.
#pragma once

#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

class tcp_progress {
 public:
  /// The frame that was waited for was acknowledged: another one is now.
  void next_frame() { begins_ = true; }

  /// TCP has got `acknowledged` bytes of the connection across; the frame and those before it have `waited_for` bytes.
  void update(std::uint64_t acknowledged, std::uint64_t waited_for, timestamp now) {
    if (begins_) from_ = acknowledged;
    begins_ = false;
    const bool more = acknowledged > acknowledged_;
    acknowledged_ = acknowledged;
    if (more && acknowledged - from_ < waited_for + waited_for / 64 + 64) at_ = now;  // TLS adds that much at most
  }

  /// When a part of it was last seen to get across.
  timestamp at() const { return at_; }

 private:
  std::uint64_t acknowledged_ = 0;
  std::uint64_t from_ = 0;  ///< what was across when the wait began, or was first looked at
  bool begins_ = true;
  timestamp at_{0};
};

}  // namespace mtcp::core
