// Gives a pure machine its turns in virtual time: once per instant, after everything that happened at that instant, as
// an event loop would; and at its deadline.
#pragma once

#include <cstdint>
#include <stdexcept>

#include "mtcp/session/worker.hpp"
#include "sim/event_queue.hpp"

namespace mtcp::sim {

/// A machine worked without end at one instant, or nearly so.
struct livelock : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class driver final : public waker {
 public:
  driver(event_queue& events, worker& driven, const char* name)
      : events_(events), driven_(driven), name_(name), deadline_(events, [this] { wake(); }) {}

  void wake() override {
    if (work_is_due_ || stopped_) return;
    work_is_due_ = true;
    events_.at(events_.now(), [this] { work(); });
  }
  /// No more turns: what it drives may go. The driver itself must outlive the queue.
  void stop() {
    stopped_ = true;
    deadline_.cancel();
  }

 private:
  // More turns than that in a virtual millisecond are a livelock. 8 bridges of 100 MB/s need about 400.
  static constexpr std::uint64_t max_turns_per_millisecond = 20'000;

  void work() {
    work_is_due_ = false;
    if (stopped_) return;
    count_turn();
    driven_.work(events_.now());
    if (stopped_) return;
    if (const auto due = driven_.next_deadline()) {
      deadline_.arm(*due);
    } else {
      deadline_.cancel();
    }
  }
  void count_turn() {
    const std::int64_t millisecond = events_.now() / std::chrono::milliseconds(1);
    if (millisecond != busy_millisecond_) turns_in_it_ = 0;
    busy_millisecond_ = millisecond;
    if (++turns_in_it_ == max_turns_per_millisecond) throw livelock(name_);
  }

  event_queue& events_;
  worker& driven_;
  const char* name_;
  timer deadline_;
  bool work_is_due_ = false;
  bool stopped_ = false;
  std::int64_t busy_millisecond_ = -1;
  std::uint64_t turns_in_it_ = 0;
};

}  // namespace mtcp::sim
