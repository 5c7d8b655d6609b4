// What a path did between two looks at it.
#pragma once

#include <algorithm>

namespace mtcp::status {

struct path_sample {
  double bytes_up = 0, bytes_down = 0;
  double retransmitted_bytes = 0;  ///< stream bytes that this end sent again, since bridges were late or lost
  double in_flight_bytes = 0;      ///< at the second look, of all its bridges
  double rtt_ms = 0;               ///< then, of its bridges on average; 0 if none of them knows one
  double rtt_most_ms = 0;          ///< of the slowest
};

/// Several as one: bytes add up, round trips count alike.
class path_sum {
 public:
  void add(const path_sample& one) {
    sum_.bytes_up += one.bytes_up;
    sum_.bytes_down += one.bytes_down;
    sum_.retransmitted_bytes += one.retransmitted_bytes;
    sum_.in_flight_bytes += one.in_flight_bytes;
    sum_.rtt_ms += one.rtt_ms;
    sum_.rtt_most_ms = std::max(sum_.rtt_most_ms, one.rtt_most_ms);
    if (one.rtt_ms > 0) ++rtts_;
  }
  path_sample get() const {
    path_sample all = sum_;
    if (rtts_ > 0) all.rtt_ms /= rtts_;
    return all;
  }

 private:
  path_sample sum_{};
  int rtts_ = 0;
};

}  // namespace mtcp::status
