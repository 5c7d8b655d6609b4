// When a busy connection is read next.
//
// A real line brings a packet or two at a time. Who reads each as it comes pays a turn of the event loop and three
// system calls for 1,400 bytes. A connection on which they come close together is therefore read at a pace: at most
// 1/32 of its round trip later, and never more than 2 ms, which no program can tell from the line's own jitter. The
// instants are multiples of the pace, so that all connections of a thread are read in the same turn, and answered
// together.
//
// Pure: time is a parameter.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "mtcp/types.hpp"

namespace mtcp {

class read_pace {
 public:
  /// `round_trip`: the connection's shortest; 0 for unknown, and it is never put off.
  explicit read_pace(core::duration round_trip) : step_(step_for(round_trip)) {}

  /// `size` bytes were read at `now`, of `capacity` that could have been. Says when to read next; nothing: as soon as
  /// there is something to read.
  std::optional<core::timestamp> next(std::size_t size, std::size_t capacity, core::timestamp now) {
    if (step_.count() == 0 || size >= capacity / 2) return {};  // so much comes that it is worth a turn of its own
    if (size > 0) {
      const bool close = now - last_ <= patience * step_;
      close_reads_ = close ? std::min(close_reads_ + 1, busy) : 0;
      last_ = now;
    } else if (now - last_ > patience * step_) {
      close_reads_ = 0;
    }
    if (close_reads_ < busy) return {};
    return core::next_multiple(now, step_);
  }

 private:
  static constexpr unsigned busy = 8;      // reads in a row: more than a message and its answers need
  static constexpr unsigned patience = 4;  // steps between two of them

  // Powers of two in microseconds, so that the instants of a slower pace are among those of a quicker one.
  static core::duration step_for(core::duration round_trip) {
    constexpr std::chrono::microseconds shortest{256}, longest{2048};
    core::duration step = longest;
    while (step > round_trip / 32) step /= 2;
    return step >= shortest ? step : core::duration(0);
  }

  core::duration step_;
  core::timestamp last_{0};
  unsigned close_reads_ = 0;
};

}  // namespace mtcp
