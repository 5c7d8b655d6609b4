// Notices when the machine itself stands still: a virtual one now and then does for a third of a second, and what is
// measured over it says nothing of the program.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace mtcp::lab {

class stall_watch {
 public:
  /// All that the programs do is done again within this time, on a machine that is merely busy.
  static constexpr std::chrono::milliseconds long_pause{150};

  bool has_seen_one() const noexcept { return seen_; }

 private:
  void watch(const std::stop_token& over) {
    using clock = std::chrono::steady_clock;
    for (auto last = clock::now(); !over.stop_requested(); last = clock::now()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (clock::now() - last > long_pause) seen_ = true;
    }
  }

  std::atomic<bool> seen_{false};
  std::jthread thread_{[this](const std::stop_token& over) { watch(over); }};
};

/// Whether `measure` finds what it looks for; it is tried again if the machine stood still meanwhile.
template <class Measure>
bool holds_while_the_machine_runs(const Measure& measure) {
  constexpr int attempts = 3;
  for (int i = 1;; ++i) {
    const stall_watch machine;
    if (measure()) return true;
    if (i == attempts || !machine.has_seen_one()) return false;
  }
}

}  // namespace mtcp::lab
