// What has arrived on one bridge, and how much of that the peer was told.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mtcp/core/wire/frame_parser.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Each count travels on two bridges: one ACK at once, and one that tells of several.
enum class ack_copy : std::uint8_t { none = 0, first = 1, second = 2, both = 3 };

constexpr bool has(ack_copy all, ack_copy one) {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}
constexpr ack_copy with(ack_copy all, ack_copy one) {
  return static_cast<ack_copy>(static_cast<unsigned>(all) | static_cast<unsigned>(one));
}
constexpr ack_copy without(ack_copy all, ack_copy one) {
  return static_cast<ack_copy>(static_cast<unsigned>(all) & ~static_cast<unsigned>(one));
}

/// Counts are bytes of complete frames.
class receipt {
 public:
  frame_parser parser;

  void on_heard(timestamp now) { heard_at_ = now; }
  /// The kernel has received so many bytes of the connection: on a slow line a record takes its time.
  void on_tcp(std::uint64_t bytes, timestamp now) {
    if (bytes > tcp_bytes_) tcp_heard_at_ = now;
    tcp_bytes_ = bytes;
  }
  void on_taken(std::size_t bytes, timestamp now) {
    taken_ += bytes;
    taken_at_ = now;
  }
  std::uint64_t taken() const { return taken_; }
  timestamp taken_at() const { return taken_at_; }
  timestamp heard_at() const { return heard_at_; }
  /// When bytes were last seen to arrive, if only a part of a record.
  timestamp tcp_heard_at() const { return std::max(heard_at_, tcp_heard_at_); }

  /// Bytes that no ACK has told, and no ACK is about to tell.
  std::uint64_t untold() const { return taken_ - told_; }
  /// These ACKs are to carry the count.
  void tell(ack_copy by) {
    told_ = taken_;
    copies_ = by;
  }
  /// An ACK that carries the count is being written.
  void on_told(ack_copy by) {
    copies_ = without(copies_, by);
    if (has(copies_, ack_copy::second)) told_ = taken_;  // the other one will tell it, too
  }
  bool to_be_told(ack_copy by) const { return has(copies_, by); }
  /// What was told may be lost: the count has to be told again, if there is one.
  void untell() { told_ = 0; }

 private:
  std::uint64_t taken_ = 0;
  std::uint64_t told_ = 0;
  ack_copy copies_ = ack_copy::none;
  timestamp taken_at_{0};
  timestamp heard_at_{0};
  std::uint64_t tcp_bytes_ = 0;
  timestamp tcp_heard_at_{0};
};

}  // namespace mtcp::core
