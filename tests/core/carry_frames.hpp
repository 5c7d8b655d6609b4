// A bridge at work, as far as its path_model sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "mtcp/core/bridge/path_model.hpp"

namespace mtcp::core::test {

/// For so long it carries a frame of `bytes` each millisecond, which is acknowledged a round trip later.
inline void carry_frames(path_model& path, timestamp& now, duration time, std::uint64_t bytes, duration round_trip) {
  std::deque<rate_estimator::mark> marks;
  for (const timestamp begin = now; now < begin + time; now += std::chrono::milliseconds(1)) {
    marks.push_back(path.on_send(now, now == begin));
    if (now < begin + round_trip) continue;
    path.on_ack(bytes, marks.front(), duration::zero(), now);
    marks.pop_front();
  }
}

}  // namespace mtcp::core::test
