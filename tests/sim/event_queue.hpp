// Virtual time. What happens at the same instant happens in the order in which it was scheduled.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp::sim {

using core::duration;
using core::timestamp;

/// The clock and everything that is yet to happen. Whatever an action refers to must live as long as the queue.
class event_queue {
 public:
  using action = std::function<void()>;

  timestamp now() const noexcept { return now_; }

  /// A time that has passed means now.
  void at(timestamp when, action what) {
    heap_.push_back({std::max(when, now_), order_++, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  void after(duration delay, action what) { at(now_ + delay, std::move(what)); }

  /// Runs the next action if it is due by `limit`, else lets the time pass and returns false.
  bool step(timestamp limit) {
    if (heap_.empty() || heap_.front().when > limit) {
      now_ = std::max(now_, limit);
      return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), later);
    entry next = std::move(heap_.back());
    heap_.pop_back();
    now_ = std::max(now_, next.when);
    next.what();
    return true;
  }
  /// The time jumps, and what was due meanwhile happens late.
  void skip(duration length) noexcept { now_ += length; }
  void run_until(timestamp limit) {
    while (step(limit)) {
    }
  }

 private:
  struct entry {
    timestamp when;
    std::uint64_t order;
    action what;
  };
  static bool later(const entry& a, const entry& b) noexcept {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  std::vector<entry> heap_;
  timestamp now_{0};
  std::uint64_t order_ = 0;
};

/// One deadline that may be moved. Moving it later costs nothing: the entry in the queue is looked at again when due.
class timer {
 public:
  timer(event_queue& queue, event_queue::action what) : queue_(queue), what_(std::move(what)) {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  bool armed() const noexcept { return due_ != never; }
  timestamp due() const noexcept { return due_; }
  void cancel() noexcept { due_ = never; }
  void arm(timestamp when) {
    due_ = std::max(when, queue_.now());
    if (due_ < queued_) enqueue();
  }

 private:
  static constexpr timestamp never = timestamp::max();

  void enqueue() {
    queued_ = due_;
    queue_.at(due_, [this] { wake(); });
  }
  void wake() {
    if (queue_.now() < queued_) return;  // an entry that a later arm() has overtaken
    queued_ = never;
    if (due_ == never) return;
    if (due_ > queue_.now()) return enqueue();
    due_ = never;
    what_();
  }

  event_queue& queue_;
  event_queue::action what_;
  timestamp due_ = never;
  timestamp queued_ = never;  ///< the earliest entry in the queue
};

}  // namespace mtcp::sim
