// A value that one thread changes while another waits for it to become something: what tests use instead of sleeping.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace mtcp::lab {

template <typename T>
class watched {
 public:
  template <typename F>
  void update(F change) {
    {
      const std::lock_guard lock(mutex_);
      change(value_);
    }
    changed_.notify_all();
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  /// Blocks until `is_so(value)`; false when `timeout` passed first.
  template <typename F>
  bool wait(F is_so, std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return is_so(std::as_const(value_)); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  T value_{};
};

}  // namespace mtcp::lab
