// How long the round trip of a bridge usually is when nothing of ours waits on the way, as far as it is longer than the
// shortest one ever seen: jitter, a radio link and what others send make it so, and packets that are lost do, since
// what follows them waits. A bridge that is filled for the shortest one starves there.
//
// Seen from one end the delay of the way and that of a queue look alike; but only a queue of our own makes a bridge no
// faster when it is given more. So it is found by trying, see cap_search.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "mtcp/types.hpp"

namespace mtcp::core {

class usual_rtt {
 public:
  /// Of a bridge whose shortest round trip is `minimum`.
  duration value(duration minimum) const { return std::max(minimum, usual_); }
  /// It has been found to be longer.
  bool is_longer(duration minimum) const { return usual_ > minimum; }

  /// What has been found, also while another value is tried.
  duration found(duration minimum) const { return std::max(minimum, trying_ ? before_ : usual_); }

  /// Other bridges of the path have found it to be so long.
  void inherit(duration usual) { usual_ = usual; }
  /// It has been seen to be so long.
  void learn(duration seen, duration minimum) {
    if (!trying_) usual_ = std::max(usual_, limited(seen, minimum));
  }

  /// From now on longer, or shorter, by `change`, until keep() or give_back().
  void try_change(duration change, duration minimum) {
    before_ = usual_;
    usual_ = limited(value(minimum) + change, minimum);
    if (usual_ <= minimum) usual_ = duration::zero();
    trying_ = true;
  }
  void keep() { trying_ = false; }
  void give_back() {
    if (std::exchange(trying_, false)) usual_ = before_;
  }

 private:
  static constexpr duration most_beyond = std::chrono::milliseconds(100);

  static duration limited(duration usual, duration minimum) { return std::min(usual, 3 * minimum + most_beyond); }

  duration usual_{0};
  duration before_{0};
  bool trying_ = false;
};

}  // namespace mtcp::core
