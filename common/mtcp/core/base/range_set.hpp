// A set of integers kept as disjoint ranges: ids that have been used, of which most are consecutive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace mtcp::core {

class range_set {
 public:
  bool contains(std::uint64_t value) const {
    auto it = ranges_.upper_bound(value);
    return it != ranges_.begin() && std::prev(it)->second >= value;
  }

  /// Returns false if it was in the set already.
  bool insert(std::uint64_t value) {
    auto next = ranges_.upper_bound(value);
    auto previous = next == ranges_.begin() ? ranges_.end() : std::prev(next);
    if (previous != ranges_.end() && previous->second >= value) return false;
    const bool joins_previous = previous != ranges_.end() && previous->second + 1 == value;
    const bool joins_next = next != ranges_.end() && next->first == value + 1;
    const std::uint64_t last = joins_next ? next->second : value;
    if (joins_next) ranges_.erase(next);
    if (joins_previous) {
      previous->second = last;
    } else {
      ranges_.emplace(value, last);
    }
    return true;
  }

  std::size_t range_count() const { return ranges_.size(); }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first -> last, inclusive
};

}  // namespace mtcp::core
