// Round-trip time of a bridge: smoothed and varying as TCP does it (RFC 6298, section 2), and the minimum of the last
// seconds, which is the path without queues.
//
// A transfer that goes on for longer keeps a queue of some milliseconds all the time, and the minimum of the last
// seconds contains it. That of a minute does not, and tells more, unless the path has become much longer since.
#pragma once

#include <algorithm>
#include <chrono>

#include "mtcp/core/bridge/windowed_minimum.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

class rtt_estimator {
 public:
  void sample(duration rtt, timestamp now) {
    rtt = std::max<duration>(rtt, std::chrono::microseconds(1));
    if (!known()) {
      smoothed_ = rtt;
      variation_ = rtt / 2;
    } else {
      variation_ = (3 * variation_ + (smoothed_ > rtt ? smoothed_ - rtt : rtt - smoothed_)) / 4;
      smoothed_ = (7 * smoothed_ + rtt) / 8;
    }
    latest_ = rtt;
    sampled_at_ = now;
    minimum_.sample(rtt, now);
    long_minimum_.sample(rtt, now);
  }

  bool known() const { return smoothed_ > duration::zero(); }
  duration smoothed() const { return smoothed_; }
  duration variation() const { return variation_; }
  duration latest() const { return latest_; }
  /// Of the last seconds; this and the next are 0 while nothing is known.
  duration minimum() const { return known() ? minimum_.value() : duration::zero(); }
  duration long_minimum() const {
    if (!known()) return duration::zero();
    const duration lately = minimum();
    return lately - long_minimum_.value() > lately / 4 ? lately : long_minimum_.value();
  }
  timestamp sampled_at() const { return sampled_at_; }

 private:
  duration smoothed_{0}, variation_{0}, latest_{0};
  windowed_minimum minimum_{std::chrono::seconds(5)};
  windowed_minimum long_minimum_{std::chrono::seconds(30)};
  timestamp sampled_at_{0};
};

}  // namespace mtcp::core
