// What kept a bridge from stream bytes while there were some to send: decided anew many times a second, and told as
// what held for most of the last second.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "mtcp/restraint.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

class restraint_log {
 public:
  static constexpr duration window = std::chrono::seconds(1);

  /// From now on that is so, as long as there is something to send.
  void note(restraint why, timestamp now) {
    if (now - noted_at_ > window) {
      begin(now);  // nothing was to be sent in between
      last_ = restraint::none;
    }
    times_[static_cast<std::size_t>(now_)] += now - noted_at_;
    noted_at_ = now;
    now_ = why;
    if (now - begun_ < window) return;
    last_ = longest();
    begin(now);
  }

  /// None once nothing is to be sent any more.
  restraint mostly(timestamp now) const { return now - begun_ <= 2 * window ? last_ : restraint::none; }

 private:
  void begin(timestamp now) {
    times_ = {};
    begun_ = noted_at_ = now;
  }
  restraint longest() const { return static_cast<restraint>(std::ranges::max_element(times_) - times_.begin()); }

  std::array<duration, static_cast<std::size_t>(restraint::backup) + 1> times_{};  ///< those that change by the moment
  restraint now_ = restraint::none, last_ = restraint::none;
  timestamp begun_{0}, noted_at_{0};
};

}  // namespace mtcp::core
