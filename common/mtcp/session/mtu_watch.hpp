// Whether only small packets get through on a path: a link on its way takes less than both ends believe, and the
// messages that would say so are lost (RFC 2923, section 2.1). Each connection comes up then, and falls silent with its
// first full packet. One of these per path; pure.
//
// It is a rule when several bridges fell silent that had hardly carried anything, and some of them were dialled after
// others had fallen silent already: what befalls many at once is an accident.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp {

class mtu_watch {
 public:
  /// A bridge makes no progress, or ends for that reason; `carried` are bytes that TCP got across, both ways together.
  /// True if that has made it a rule.
  bool fell_silent(core::bridge_id id, core::timestamp up_since, std::uint64_t carried, core::timestamp now) {
    if (carried > few) return false;
    if (std::ranges::find(silent_, id, &silence::id) != silent_.end()) return false;
    if (silent_.size() == most) silent_.erase(silent_.begin());
    silent_.push_back({id, up_since, now});
    const bool before = only_small_;
    only_small_ = only_small_ || is_rule();
    return only_small_ && !before;
  }
  void recovered(core::bridge_id id) {
    std::erase_if(silent_, [id](const silence& s) { return s.id == id; });
  }
  /// A bridge that lives has carried so much. True if the rule does not hold any more.
  bool lives(std::uint64_t carried) {
    if (carried <= many) return false;
    silent_.clear();
    return std::exchange(only_small_, false);
  }

  bool only_small() const noexcept { return only_small_; }

 private:
  // Requests, acknowledgements and PINGs of a while; a network that freezes connections after some bytes lets more
  // through.
  static constexpr std::uint64_t few = 8 * 1024;
  // No link takes packets so small that these would be all small.
  static constexpr std::uint64_t many = 64 * 1024;
  static constexpr std::size_t least = 3;
  static constexpr std::size_t most = 64;

  struct silence {
    core::bridge_id id;
    core::timestamp up_since;
    core::timestamp at;
  };

  bool is_rule() const {
    const auto first = std::ranges::min(silent_, {}, &silence::at).at;
    return silent_.size() >= least &&
           std::ranges::any_of(silent_, [first](const silence& s) { return s.up_since >= first; });
  }

  std::vector<silence> silent_;  // the latest
  bool only_small_ = false;
};

}  // namespace mtcp
