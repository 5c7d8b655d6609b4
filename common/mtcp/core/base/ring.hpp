// A double-ended queue in one block of memory: none while it is new, room for one element then, and twice as much
// whenever it is full.
//
// std::deque keeps half a kilobyte even when empty, which thousands of idle streams would pay several times each.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace mtcp::core {

/// T must be default constructible and cheap to move. References hold until the next push.
template <class T>
class ring {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return slots_[at(i)]; }
  const T& operator[](std::size_t i) const { return slots_[at(i)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[at(size_++)] = std::move(value);
  }
  void pop_front() {
    slots_[first_] = T{};
    first_ = at(1);
    --size_;
  }
  void pop_back() {
    back() = T{};
    --size_;
  }
  /// Empties it and gives its memory back.
  void clear() { *this = ring(); }

  /// Index of the first element for which `pred` is false; those for which it is true must come first.
  template <class Pred>
  std::size_t partition_point(Pred pred) const {
    std::size_t low = 0, high = size_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (pred((*this)[middle])) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  std::size_t at(std::size_t i) const { return (first_ + i) & (slots_.size() - 1); }
  void grow() {
    std::vector<T> larger(slots_.empty() ? 1 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_;  // a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace mtcp::core
