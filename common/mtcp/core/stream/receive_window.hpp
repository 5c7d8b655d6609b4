// Credit that this end grants to a stream's sender (RFC 9000, section 4.1): an absolute offset, raised as bytes are
// read.
//
// The window starts small and doubles when half of it is read within two round trips, or four while it is not yet
// large: then it, not the path, was the limit. Growth ends by itself at some times rate x round trip where all bridges
// are well. Where one is late the others fill any window behind it, and all of it is memory, here and at the sender:
// above 32 MiB the window only becomes what the rate of whole seconds needs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "mtcp/limits.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Credit granted and not yet read, over all streams: what could have to be held in memory.
class credit_budget {
 public:
  explicit credit_budget(std::size_t total) : total_(total) {}
  std::size_t free() const { return granted_ < total_ ? total_ - granted_ : 0; }
  std::size_t granted() const { return granted_; }
  bool scarce() const { return granted_ * 2 > total_; }
  void take(std::size_t bytes) { granted_ += bytes; }
  void give_back(std::size_t bytes) { granted_ -= bytes; }

 private:
  std::size_t total_;
  std::size_t granted_ = 0;
};

/// All sizes in bytes, all positions stream offsets.
class receive_window {
 public:
  /// What a stream may carry before it is answered. Every stream gets it, even from an empty budget.
  void begin_early(const limits& l, credit_budget& budget) {
    size_ = least_ = l.early_limit;
    granted_ = least_;
    budget.take(least_);
  }
  /// The window of a stream whose peer is about to be told of it. Up to `consumed` it has been read.
  void open(const limits& l, std::uint64_t consumed, credit_budget& budget) {
    size_ = std::max(size_, budget.scarce() ? l.window_small : l.window_start);
    raise(consumed, budget);
  }

  /// `bytes` were read, up to offset `consumed`. Returns true when the limit rose enough to tell the peer.
  bool on_read(std::size_t bytes, std::uint64_t consumed, duration rtt, timestamp now, const limits& l,
               credit_budget& budget) {
    budget.give_back(bytes);
    measure(consumed, now);
    autotune(consumed, rtt, now, l);
    return raise(consumed, budget);
  }
  /// Bytes up to `highest` have come behind a hole, and what is in front of it was read: while lost packets are sent
  /// again the sender goes on into a window that does not move, and by when the hole is filled it would have stood
  /// still for a round trip. Returns the same.
  bool on_hole(std::uint64_t consumed, std::uint64_t highest, duration rtt, timestamp now, const limits& l,
               credit_budget& budget) {
    if (highest - consumed < size_ / 4 || size_ >= cheap || now - grown_at_ < rtt) return false;
    grown_at_ = now;
    size_ = std::max(size_, std::min({size_ * 2, cheap, l.window_max}));
    return raise(consumed, budget);
  }

  /// Raises the limit as far as the budget allows. Returns true when the peer should be told.
  bool raise(std::uint64_t consumed, credit_budget& budget) {
    if (finished_) return false;
    const auto open = static_cast<std::size_t>(granted_ - consumed);
    // No stream holds more credit than stays free for the others: a stream that was fast once and is idle now keeps its
    // credit.
    const std::size_t target = std::min(size_, (budget.free() + open) / 2);
    std::size_t more = open * 4 <= target * 3 ? target - open : 0;
    // Streams that nobody reads may hold the whole budget: then the others go on with the least credit, half of it at a
    // time.
    if (open + more < least_ && open * 2 <= least_) more = least_ - open;
    budget.take(more);
    granted_ += more;
    return more > 0;
  }

  /// The stream will not become longer than this: gives back what exceeds it, and asks for no more. A stream that goes
  /// on in its other direction must not hold credit that nobody can use.
  void finish(std::uint64_t final_size, credit_budget& budget) {
    if (finished_) return;
    finished_ = true;
    budget.give_back(static_cast<std::size_t>(granted_ - final_size));
    granted_ = final_size;
  }

  /// Nothing more will be kept: gives back what the budget still holds for the stream.
  void end(std::uint64_t consumed, credit_budget& budget) {
    budget.give_back(static_cast<std::size_t>(granted_ - consumed));
  }

  std::uint64_t granted() const { return granted_; }
  std::size_t size() const { return size_; }
  /// Less than a quarter of the window is open, since the budget had no more.
  bool hungry(std::uint64_t consumed) const { return (granted_ - consumed) * 4 < size_; }

 private:
  void autotune(std::uint64_t consumed, duration rtt, timestamp now, const limits& l) {
    if (epoch_start_ == timestamp{0}) {
      epoch_start_ = now;
      epoch_offset_ = consumed;
    }
    if (consumed - epoch_offset_ < size_ / 2) return;
    // Where packets are lost on long ways bytes wait for a round trip or two behind those that are sent again.
    const int round_trips = size_ < cheap ? 4 : 2;
    if (now - epoch_start_ < round_trips * std::max(rtt, min_rtt)) {
      size_ = std::max(size_, std::min(size_ * 2, most(rtt, l)));
    }
    epoch_offset_ = consumed;
    epoch_start_ = now;
  }

  // What was held up comes all at once, and would look like a fast line.
  void measure(std::uint64_t consumed, timestamp now) {
    const duration passed = now - second_start_;
    if (passed < std::chrono::seconds(1)) return;
    rate_ = static_cast<double>(consumed - second_offset_) / std::chrono::duration<double>(passed).count();
    second_start_ = now;
    second_offset_ = consumed;
  }

  std::size_t most(duration rtt, const limits& l) const {
    constexpr double round_trips = 2.5;
    const double needed = round_trips * rate_ * std::chrono::duration<double>(rtt).count();
    return std::min(l.window_max, std::max(usual_max, static_cast<std::size_t>(needed)));
  }

  static constexpr std::size_t cheap = 16 << 20;
  static constexpr std::size_t usual_max = 32 << 20;

  // Programs run about so often. With 1 ms a download over loopback held 1.5 times the memory and was no faster.
  static constexpr duration min_rtt = std::chrono::microseconds(250);

  std::uint64_t granted_ = 0;
  bool finished_ = false;
  std::size_t size_ = 0;
  std::size_t least_ = 0;
  std::uint64_t epoch_offset_ = 0;
  timestamp epoch_start_{0};  ///< 0 until something was read
  timestamp grown_at_{0};     ///< beside a hole
  std::uint64_t second_offset_ = 0;
  timestamp second_start_{0};
  double rate_ = 0;  ///< bytes per second, of the last whole second or more
};

}  // namespace mtcp::core
