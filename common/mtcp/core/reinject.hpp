// Segments that wait to be sent again, and how many copies may be sent of what may yet arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// A segment that waits to be sent again.
struct resend_item {
  stream_id stream = 0;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;  ///< of its first byte in the stream
};

class reinject {
 public:
  // ---- what was lost ----

  void resend(const resend_item& item) { lost_[item.stream].insert_or_assign(item.offset, item.segment); }
  bool empty() const { return lost_.empty(); }
  /// Streams take turns, and of each what its reader waits for comes first, whenever it was lost.
  resend_item front() const {
    const auto& [stream, segments] = *whose_turn();
    return {stream, segments.begin()->second, segments.begin()->first};
  }
  void pop() {
    const auto of = lost_.find(front().stream);
    turn_ = of->first + 1;
    of->second.erase(of->second.begin());
    if (of->second.empty()) lost_.erase(of);
  }
  /// The first one was cut after `size` bytes into two, with this number and the next.
  void replace(std::uint64_t first_half, std::size_t size) {
    const resend_item whole = front();
    resend({whole.stream, first_half, whole.offset});
    resend({whole.stream, first_half + 1, whole.offset + size});
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
  using by_stream = std::map<stream_id, std::map<std::uint64_t, std::uint64_t>>;  // segments by their offsets

  by_stream::const_iterator whose_turn() const {
    const auto next = lost_.lower_bound(turn_);
    return next == lost_.end() ? lost_.begin() : next;
  }

  by_stream lost_;
  stream_id turn_ = 0;
  // At most so many bytes are saved up; and some are there from the start. Not more: while it is not known how late the
  // frames of a lossy line usually come a copy of each takes the place of a new one. In the simulator 8 x 1 MB/s at
  // 240 ms with 0.5 % lost sent a seventh of the first seconds twice with 4 MiB.
  token_bucket copies_{0, 4 << 20, 256 << 10};
};

}  // namespace mtcp::core
