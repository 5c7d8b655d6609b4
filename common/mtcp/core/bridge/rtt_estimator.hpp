// Round-trip time of a bridge: smoothed and varying as TCP does it (RFC 6298, section 2), and the minimum of the last
// seconds, which is the path without queues.
#pragma once

#include <algorithm>
#include <chrono>

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
    track_minimum(rtt, now);
  }

  bool known() const { return smoothed_ > duration::zero(); }
  duration smoothed() const { return smoothed_; }
  duration variation() const { return variation_; }
  duration latest() const { return latest_; }
  duration minimum() const { return std::min(minimum_, previous_minimum_); }
  timestamp sampled_at() const { return sampled_at_; }

 private:
  // Two halves of five seconds: the older one is forgotten when the newer one is full.
  static constexpr duration half_window = std::chrono::seconds(5);

  void track_minimum(duration rtt, timestamp now) {
    if (empty_ || now - window_start_ >= half_window) {
      previous_minimum_ = empty_ ? rtt : minimum_;
      minimum_ = rtt;
      window_start_ = now;
      empty_ = false;
    }
    minimum_ = std::min(minimum_, rtt);
  }

  duration smoothed_{0}, variation_{0}, latest_{0};
  duration minimum_{0}, previous_minimum_{0};
  timestamp window_start_{0}, sampled_at_{0};
  bool empty_ = true;
};

}  // namespace mtcp::core
