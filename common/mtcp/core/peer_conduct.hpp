// Whether the peer keeps the protocol, and how many frames it sends that carry nothing.
#pragma once

#include <cstddef>

#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

class peer_conduct {
 public:
  /// The tunnel is over: nothing that a peer sends after a breach of the protocol is interpreted. False if it was over
  /// already.
  bool fail(violation why) {
    if (failed()) return false;
    failure_ = why;
    return true;
  }
  bool failed() const { return failure_ != violation::none; }

  /// A frame that cost work and carried nothing: a flood, if there are too many of them.
  violation on_waste(timestamp now) {
    useless_.refill(now);
    useless_.spend(1);
    return useless_.empty() ? violation::flood : violation::none;
  }
  /// New stream bytes pay for frames that carry nothing: an honest peer sends at most one byte in twenty
  /// twice, and small messages on a second path (hedge.hpp), which are few.
  void on_new_bytes(std::size_t bytes) { useless_.earn(static_cast<double>(bytes) / useful_bytes); }

 private:
  static constexpr double useful_bytes = 4096;

  violation failure_ = violation::none;
  token_bucket useless_{1000, 20000};
};

}  // namespace mtcp::core
