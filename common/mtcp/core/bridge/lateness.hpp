// How late the single messages of a bridge lately were: a path that loses packets, or pauses, looks as quick as any
// when nothing is in flight on it.
//
// An average over messages, as TCP smooths its round trip (RFC 6298), so that one in ten that takes 200 ms more weighs
// 20 ms. It halves every ten seconds: a bridge that is not used because of it gets another chance.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "mtcp/types.hpp"

namespace mtcp::core {

class lateness {
 public:
  /// A message was acknowledged so long after its time; zero or less for one that was not late.
  void sample(duration late, timestamp now) {
    const double sample = std::chrono::duration<double>(std::clamp(late, duration::zero(), most)).count();
    if (sample <= 0 && level_ <= 0) return;
    level_ = (7 * seconds(now) + sample) / 8;
    at_ = now;
  }
  /// To be expected of the next one, in seconds.
  double seconds(timestamp now) const {
    if (level_ <= 0) return 0;
    return level_ * std::exp2(-std::chrono::duration<double>(now - at_) / half_life);
  }

 private:
  static constexpr duration most = std::chrono::seconds(1);
  static constexpr std::chrono::duration<double> half_life = std::chrono::seconds(10);

  double level_ = 0;
  timestamp at_{0};
};

}  // namespace mtcp::core
