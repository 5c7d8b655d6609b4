// Credit of the tunnel as a whole, both ways (RFC 9000, section 4.1): it counts the sum over all streams of the highest
// offset.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mtcp/core/wire/control.hpp"

namespace mtcp::core {

/// All in bytes.
class tunnel_credit {
 public:
  /// `window` is what the peer may send beyond what was consumed.
  explicit tunnel_credit(std::uint64_t window) : window_(window), granted_(window) {}

  // ---- what this end grants ----

  void on_arrived(std::uint64_t bytes) { received_ += bytes; }
  /// Read, or dropped for good.
  void on_consumed(std::uint64_t bytes) { consumed_ += bytes; }
  /// The peer has sent more than it may.
  bool overrun() const { return received_ > granted_; }
  /// Raises the limit when that is worth a frame: when a quarter of the window was read, or when the rest that the peer
  /// has left would double, since streams that nobody reads may hold all but a little of it for ever.
  bool raise() {
    const std::uint64_t news = consumed_ + window_ - granted_;
    const bool scarce = news >= min_news && news >= granted_ - received_;
    if (news * 4 < window_ && !scarce) return false;
    granted_ = consumed_ + window_;
    return true;
  }
  /// The window is larger by so much, which the peer has to be told.
  void widen(std::uint64_t bytes) {
    window_ += bytes;
    granted_ += bytes;
  }
  std::uint64_t granted() const { return granted_; }
  control_slot& slot() { return slot_; }

  // ---- what the peer grants ----

  /// False when the limit was as high before.
  bool raise_limit(std::uint64_t limit) {
    const bool more = limit > limit_;
    limit_ = std::max(limit_, limit);
    return more;
  }
  void on_sent(std::uint64_t bytes) { sent_ += bytes; }
  std::uint64_t room() const { return limit_ - std::min(limit_, sent_); }

 private:
  // No frame is spent on a smaller increase.
  static constexpr std::uint64_t min_news = 4096;

  std::uint64_t window_;
  std::uint64_t granted_;
  std::uint64_t received_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t limit_ = 0;
  std::uint64_t sent_ = 0;
  control_slot slot_;
};

}  // namespace mtcp::core
