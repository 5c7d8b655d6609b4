// Segments that wait to be sent again, and how many copies may be sent of what may yet arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// A segment that waits to be sent again.
struct resend_item {
  stream_id stream = 0;
  std::uint64_t segment = 0;
};

class reinject {
 public:
  // ---- what was lost ----

  void resend(const resend_item& item) { lost_.push_back(item); }
  bool empty() const { return lost_.empty(); }
  const resend_item& front() const { return lost_.front(); }
  void pop() { lost_.pop_front(); }
  /// The first one was cut into two, with this number and the next.
  void replace(std::uint64_t first_half) {
    lost_.push_front({front().stream, first_half});
    lost_[1].segment = first_half + 1;
  }

  // ---- speculative copies ----

  /// New bytes were sent: they pay for copies, at most one in twenty.
  void on_new_bytes(std::size_t bytes) { copies_.earn(static_cast<double>(bytes) * 0.05); }
  /// What needs no allowance takes only what there is: others need theirs.
  void on_copy(std::size_t bytes) {
    if (may_copy()) copies_.spend(static_cast<double>(bytes));
  }
  bool may_copy() const { return !copies_.empty(); }

 private:
  std::deque<resend_item> lost_;
  // At most so many bytes are saved up; and some are there from the start. Not more: while it is not known how late the
  // frames of a lossy line usually come a copy of each takes the place of a new one. In the simulator 8 x 1 MB/s at
  // 240 ms with 0.5 % lost sent a seventh of the first seconds twice with 4 MiB.
  token_bucket copies_{0, 4 << 20, 256 << 10};
};

}  // namespace mtcp::core
