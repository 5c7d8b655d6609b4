// What was sent on a bridge and is not acknowledged yet: of a live bridge, and of one that is gone until both ends know
// what arrived over it.
//
// A bridge is FIFO, so one count says what the peer has: bytes of frames from the beginning. Frames that nobody
// acknowledges (ACK, PING and PONG) count among these bytes, but no record is kept of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include "mtcp/core/base/ring.hpp"
#include "mtcp/core/bridge/rate_estimator.hpp"
#include "mtcp/core/wire/control.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// A frame that nobody would send again, PATH or DATAGRAM: it only counts as in flight.
struct sent_once {};

/// A copy of a segment of a stream's send buffer.
struct sent_segment {
  stream_id stream = 0;
  std::uint64_t number = 0;
  std::uint32_t size = 0;  ///< stream bytes
};

/// A copy of a control frame that must arrive, as its slot was then.
struct sent_control {
  control_item item;
  std::uint16_t version = 0;
};

/// A frame that was sent and wants to be acknowledged.
struct sent_frame {
  using content = std::variant<sent_once, sent_segment, sent_control>;

  std::uint64_t end = 0;  ///< bytes sent on the bridge up to its last one
  content what;
  bool given_up = false;  ///< the bridge was suspected, or lost: it does not count as a copy any more
  bool alone = false;     ///< so little was in flight with it that it left at once: a single message
  timestamp due{0};       ///< when its acknowledgement is expected
  rate_estimator::mark mark;

  const sent_segment* segment() const { return std::get_if<sent_segment>(&what); }
  const sent_control* control() const { return std::get_if<sent_control>(&what); }
  std::size_t stream_bytes() const { return segment() == nullptr ? 0 : segment()->size; }
};

/// All counts are bytes of frames.
class bridge_flight {
 public:
  /// A frame of that size that ends `behind` bytes after what on_sent() has been told of.
  void add(sent_frame frame, std::size_t size, std::size_t behind) {
    frame.end = sent_ + behind;
    if (frames_.empty()) idle_until_ = frame.end - size;
    frames_.push_back(std::move(frame));
  }
  /// Frames of so many bytes have left, with and without records.
  void on_sent(std::size_t bytes) { sent_ += bytes; }

  /// The peer has taken so many bytes of what was sent. Calls `arrived(frame)` for each frame that is whole among them,
  /// oldest first, and forgets it. Returns by how many bytes the count rose, without frames that are not acknowledged.
  /// A count that falls is ignored.
  template <class Function>
  std::uint64_t acknowledge(std::uint64_t count, Function arrived) {
    const std::uint64_t news = count - std::min(count, settled());
    acked_ = std::max(acked_, count);
    while (!frames_.empty() && frames_.front().end <= count) {
      const sent_frame frame = std::move(frames_.front());
      frames_.pop_front();
      arrived(frame);
    }
    return news;
  }

  /// None of the frames is counted on any more, though they may still be acknowledged: calls `lost(frame)` for each of
  /// which that is news.
  template <class Function>
  void give_up(Function lost) {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      if (!std::exchange(frames_[i].given_up, true)) lost(std::as_const(frames_[i]));
    }
  }
  /// No acknowledgement will come for them any more.
  void forget() { frames_.clear(); }

  std::uint64_t sent() const { return sent_; }
  /// The last count that the peer has told.
  std::uint64_t acked() const { return acked_; }
  /// Up to this count no acknowledgement is waited for.
  std::uint64_t settled() const { return std::max(acked_, idle_until_); }
  /// Frames that nobody acknowledges are not in flight, or an end that only receives would fill its cap with ACKs, and
  /// a rate would be measured from what arrived long ago.
  std::uint64_t in_flight() const { return frames_.empty() ? 0 : sent_ - settled(); }

  /// Frames that are waited for, oldest first.
  const ring<sent_frame>& frames() const { return frames_; }
  bool empty() const { return frames_.empty(); }
  const sent_frame& oldest() const { return frames_.front(); }
  /// Bytes that the peer lacks of the oldest one and of what came before it.
  std::uint64_t rest_of_oldest() const { return frames_.front().end - acked_; }

 private:
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t idle_until_ = 0;  // what was sent before the oldest record: nobody acknowledges it
  ring<sent_frame> frames_;
};

}  // namespace mtcp::core
