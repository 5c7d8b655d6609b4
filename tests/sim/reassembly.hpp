// Which bytes a TCP receiver has, as ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace mtcp::sim {

class reassembly {
 public:
  /// Everything before it is there.
  std::uint64_t next() const noexcept { return next_; }

  void add(std::uint64_t from, std::uint64_t to) {
    if (from > next_) {
      auto& end = early_[from];
      end = std::max(end, to);
      return;
    }
    next_ = std::max(next_, to);
    while (!early_.empty() && early_.begin()->first <= next_) {
      next_ = std::max(next_, early_.begin()->second);
      early_.erase(early_.begin());
    }
  }

 private:
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::uint64_t> early_;  ///< from, to; may overlap
};

}  // namespace mtcp::sim
