// What the system says of things that change: asked again now and then, not for each question.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace mtcp {

/// Threads: one.
template <class Answer>
class seldom_asked {
 public:
  using clock = std::chrono::steady_clock;
  using source = std::function<std::optional<Answer>()>;
  static constexpr std::chrono::seconds usual_interval{2};

  /// `ask` is called at most once in `interval`. Where it has no answer, as when descriptors have run out, the last one
  /// is kept.
  seldom_asked(source ask, std::chrono::milliseconds interval) : ask_(std::move(ask)), interval_(interval) {}

  const Answer& get() {
    const auto now = clock::now();
    if (!asked_ || now >= *asked_ + interval_) {
      asked_ = now;
      if (auto found = ask_()) last_ = std::move(*found);
    }
    return last_;
  }

 private:
  source ask_;
  std::chrono::milliseconds interval_;
  std::optional<clock::time_point> asked_;
  Answer last_{};
};

}  // namespace mtcp
