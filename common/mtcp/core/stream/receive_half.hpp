// The receiving half of a stream: bytes in any order, the credit granted for them, and how it ends.
//
// The states are those of RFC 9000, section 3.2. Every transition is made here, in the method that is named beside it:
//
//   recv ─────────────────────────── finish() ──> size_known    FIN
//   size_known ───────────────────── settle() ──> data_recvd    every byte up to the final size has arrived
//   size_known, data_recvd ───────── on_read() ─> data_read     the program was handed the end
//   recv, size_known, data_recvd ─── reset() ───> reset_recvd   RESET; it may replace a FIN whose end was not read
//   reset_recvd ──────────────────── on_read() ─> reset_read    the program was handed the reset
//
// Other than in QUIC, the bytes before a RESET are still delivered: whoever reads gets them first. stop() is no state:
// from then on bytes are dropped, and only the final size is waited for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mtcp/core/stream/receive_window.hpp"
#include "mtcp/core/stream/reorder_buffer.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Positions are stream offsets, in bytes.
class receive_half {
 public:
  enum class state : std::uint8_t { recv, size_known, data_recvd, data_read, reset_recvd, reset_read };

  // ---- what arrives ----

  /// Whether bytes up to `end` may arrive.
  violation check_data(std::uint64_t end) const {
    if (size_known() && end > final_size_) return violation::final_size;
    return end > window_.granted() ? violation::window_overrun : violation::none;
  }
  /// Whether the stream may end at `size`.
  violation check_end(std::uint64_t size) const {
    if (size < highest_ || (size_known() && size != final_size_)) return violation::final_size;
    return size > window_.granted() ? violation::window_overrun : violation::none;
  }
  /// Bytes up to `end` exist. Returns by how much the highest offset rose: credit counts that offset, so copies and
  /// holes cost nothing more.
  std::uint64_t advance(std::uint64_t end) {
    const std::uint64_t more = end - std::min(end, highest_);
    highest_ += more;
    return more;
  }
  /// Not after stop().
  reorder_buffer::inserted insert(std::uint64_t offset, slice bytes) {
    const reorder_buffer::inserted got = buffer_.insert(offset, std::move(bytes));
    settle();
    return got;
  }
  /// FIN: the stream has so many bytes. False if its end was known.
  bool finish(std::uint64_t size) {
    if (size_known()) return false;
    final_size_ = size;
    state_ = state::size_known;
    settle();
    return true;
  }
  /// RESET: it was cut short there. False if that says nothing new, or comes too late.
  bool reset(std::uint64_t size, reset_code why) {
    if (was_reset() || state_ == state::data_read) return false;
    final_size_ = size;
    state_ = state::reset_recvd;
    code_ = why;
    return true;
  }

  // ---- what the program does ----

  /// Hands out bytes: `take` gets the buffer, and returns how many it took. At the end the state changes: see at_end().
  template <class Take>
  std::size_t read(Take take) {
    const std::size_t size = take(buffer_);
    on_read();
    return size;
  }
  /// Drops what was not read, and what will arrive.
  void stop(reset_code why) {
    stopped_ = true;
    stop_code_ = why;
    buffer_.clear();
  }
  /// What has arrived and was not read. Nothing else may be done after that.
  reorder_buffer take_bytes() { return std::exchange(buffer_, {}); }

  // ---- getters ----

  state now() const { return state_; }
  bool size_known() const { return state_ != state::recv; }
  bool was_reset() const { return state_ == state::reset_recvd || state_ == state::reset_read; }
  bool stopped() const { return stopped_; }
  /// The program was handed the end or the reset.
  bool read_to_end() const { return state_ == state::data_read || state_ == state::reset_read; }
  bool all_received() const { return size_known() && buffer_.contiguous() == final_size_; }
  /// Nothing that may still arrive matters to this half.
  bool over() const { return size_known() && (stopped_ || read_to_end()); }
  std::uint64_t highest() const { return highest_; }  ///< end of the last byte that exists
  std::uint64_t consumed() const { return buffer_.consumed(); }
  std::uint64_t unread() const { return highest_ - buffer_.consumed(); }
  std::size_t readable() const { return buffer_.readable(); }
  std::size_t held() const { return buffer_.held(); }
  std::size_t memory() const { return buffer_.memory(); }
  reset_code code() const { return code_; }            ///< of the peer's RESET
  reset_code stop_code() const { return stop_code_; }  ///< of our STOP
  receive_window& window() { return window_; }
  const receive_window& window() const { return window_; }

 private:
  void settle() {
    if (state_ == state::size_known && all_received()) state_ = state::data_recvd;
  }
  void on_read() {
    if (!size_known() || buffer_.consumed() != final_size_) return;
    state_ = was_reset() ? state::reset_read : state::data_read;
  }

  reorder_buffer buffer_;
  receive_window window_;
  std::uint64_t highest_ = 0;
  std::uint64_t final_size_ = 0;  // once the size is known
  state state_ = state::recv;
  bool stopped_ = false;
  reset_code code_ = reset_code::reset;
  reset_code stop_code_ = reset_code::reset;
};

}  // namespace mtcp::core
