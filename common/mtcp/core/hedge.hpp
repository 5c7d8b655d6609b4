// Small messages that go out on a bridge of a second path at once, before anybody knows whether the first one fails
// them: whether that is worth it now, what it may cost, and what still waits for its second bridge.
//
// A message that a silent or lossy path swallows is missed a round trip and some tens of milliseconds later at the
// earliest, and takes another one then. Where that has happened it will happen again, so for a while each message is
// sent twice, which costs next to nothing beside bulk: "hedged requests" (Dean and Barroso, The Tail at Scale, CACM
// 2013), with the delay before the second copy left out; XLINK (Zheng et al., SIGCOMM 2021) reinjects video frames in
// the same manner, and reports 19 to 50 % off the 99th percentile for 2.1 % more traffic.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mtcp/core/base/ring.hpp"
#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/core/bridge/flight.hpp"
#include "mtcp/limits.hpp"

namespace mtcp::core {

class hedge {
 public:
  /// A message that was sent on one path and wants another one.
  struct message {
    sent_frame::content what;
    std::size_t size = 0;  ///< of the frame
    std::uint64_t path = 0;
    timestamp sent{0};
  };
  /// Larger frames are parts of something that takes longer anyway.
  static constexpr std::size_t max_message = 4 * 1024;

  explicit hedge(hedging when) : when_(when) {}

  // ---- whether ----

  /// A path has fallen silent, or a message on it came late.
  void on_trouble(timestamp now) { until_ = now + memory; }
  bool wanted(timestamp now) const { return when_ == hedging::always || (when_ == hedging::learnt && now < until_); }

  // ---- what it may cost: bytes of frames ----

  void on_bulk(std::size_t bytes) { bulk_ += bytes; }
  void on_message(std::size_t bytes) { messages_ += bytes; }
  /// Whether a copy of so many bytes may be sent: all of them together are the larger of 2 % of bulk bytes and 1.05
  /// times the messages at most. And not too many in a second, since a peer may take frames that bring nothing new for
  /// a flood.
  bool may_copy(std::size_t bytes, timestamp now) {
    rate_.refill(now);
    const auto most = std::max(0.02 * static_cast<double>(bulk_), 1.05 * static_cast<double>(messages_));
    return static_cast<double>(copied_ + bytes) <= most && !rate_.empty();
  }
  void on_copy(std::size_t bytes) {
    copied_ += bytes;
    rate_.spend(1);
  }

  // ---- what waits ----

  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  void add(message m) {
    if (waiting_.size() < most_waiting) waiting_.push_back(std::move(m));
  }
  /// The one that has waited longest. Whoever has no use for it now adds it again.
  message take() {
    message first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }
  /// It has waited for so long that the first copy must have arrived, or be found to be late.
  static bool stale(const message& m, timestamp now) { return now - m.sent > most_useful; }

 private:
  static constexpr duration memory = std::chrono::minutes(1);
  static constexpr duration most_useful = std::chrono::milliseconds(50);
  static constexpr std::size_t most_waiting = 64;

  hedging when_;
  timestamp until_{0};
  std::uint64_t bulk_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t copied_ = 0;
  token_bucket rate_{500, 2000};
  ring<message> waiting_;
};

}  // namespace mtcp::core
