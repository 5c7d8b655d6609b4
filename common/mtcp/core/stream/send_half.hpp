// The sending half of a stream: its bytes until they are acknowledged, the peer's credit, and how it ends.
//
// The states are those of RFC 9000, section 3.1. Every transition is made here, in the method that is named beside it:
//
//   ready ──────────────┬─ cut() ─────────────> send
//   ready, send ────────┼─ begin_fin() ───────> data_sent     finish() was called and every byte has been sent
//   data_sent ──────────┼─ settle() ──────────> data_recvd    FIN and all bytes are acknowledged
//   ready, send ────────┼─ reset() ───────────> reset_sent    bytes that were not sent are dropped
//   data_sent ──────────┴─ reset() ───────────> reset_sent    unless FIN is acknowledged: a RESET may replace it
//   reset_sent ─────────── settle() ──────────> reset_recvd   RESET, or the FIN before it, and all bytes are
//   acknowledged
//
// Other than in QUIC, bytes before a RESET are still delivered, so that they too must be acknowledged. STOP of the peer
// is no state: it drops what is kept, and asks for a RESET unless FIN was begun.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mtcp/core/stream/send_buffer.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// Positions are stream offsets, in bytes.
class send_half {
 public:
  enum class state : std::uint8_t { ready, send, data_sent, data_recvd, reset_sent, reset_recvd };

  // ---- what the program does ----

  /// Bytes may be appended: neither finish() nor reset() was called.
  bool open() const { return !finishing_ && (state_ == state::ready || state_ == state::send); }
  template <class Bytes>
  void append(Bytes bytes) {
    buffer_.append(std::move(bytes));
  }
  /// No more bytes. FIN follows the last one: see begin_fin().
  void finish() { finishing_ = true; }
  /// Cuts the stream behind what was sent. False if it has ended already, and nothing was done.
  bool reset(reset_code why) {
    if (was_reset() || end_acked_) return false;
    state_ = state::reset_sent;
    code_ = why;
    buffer_.drop_unsent();
    return true;
  }

  // ---- what the peer says ----

  /// STOP: nobody reads any more. False if that was known. A RESET has to follow if may_still_reset().
  bool stop() { return !std::exchange(stopped_, true); }
  /// Forgets all bytes, which nobody reads; offsets stay.
  void drop_bytes() {
    buffer_.clear();
    settle();
  }
  /// False when the limit was as high before.
  bool raise_limit(std::uint64_t limit) {
    const bool more = limit > limit_;
    limit_ = std::max(limit_, limit);
    return more;
  }
  void acknowledge_segment(std::uint64_t number) {
    buffer_.acknowledge(number);
    settle();
  }
  /// FIN or RESET has arrived.
  void acknowledge_end() {
    end_acked_ = true;
    settle();
  }

  // ---- what is sent ----

  /// There are bytes that were never sent, and credit for them.
  bool can_send() const { return buffer_.unsent() > 0 && buffer_.sent() < limit_; }
  /// Bytes that the peer lets be sent beyond those that were.
  std::uint64_t credit() const { return limit_ - std::min(limit_, buffer_.sent()); }
  /// The next segment of at most `most` bytes; there must be some. Returns its number.
  std::uint64_t cut(std::size_t most) {
    if (state_ == state::ready) state_ = state::send;
    return buffer_.cut(most);
  }
  /// True once: when FIN is due. Not earlier, since its final offset must not rise, and a reset may until then still
  /// drop what was not sent.
  bool begin_fin() {
    const bool due = finishing_ && (state_ == state::ready || state_ == state::send) && buffer_.unsent() == 0;
    if (due) state_ = state::data_sent;
    return due;
  }
  segment* find(std::uint64_t number) { return buffer_.find(number); }
  /// See send_buffer.
  std::uint64_t split(std::uint64_t number, std::size_t size) { return buffer_.split(number, size); }
  const send_buffer& buffer() const { return buffer_; }

  // ---- getters ----

  state now() const { return state_; }
  bool was_reset() const { return state_ == state::reset_sent || state_ == state::reset_recvd; }
  /// FIN was not begun, nor RESET.
  bool may_still_reset() const { return state_ == state::ready || state_ == state::send; }
  /// The peer drops what arrives.
  bool stopped() const { return stopped_; }
  /// The last byte was written and is to be delivered, and the peer does not have the end yet.
  bool delivers() const { return finishing_ && !was_reset() && !stopped_ && !end_acked_; }
  /// The peer needs nothing more of this half.
  bool over() const { return state_ == state::data_recvd || state_ == state::reset_recvd; }
  reset_code code() const { return code_; }  ///< of the RESET
  std::size_t memory() const { return buffer_.memory(); }

 private:
  void settle() {
    if (!end_acked_ || !buffer_.all_acked()) return;
    if (state_ == state::data_sent) state_ = state::data_recvd;
    if (state_ == state::reset_sent) state_ = state::reset_recvd;
  }

  send_buffer buffer_;
  std::uint64_t limit_ = 0;  // credit from the peer, an offset
  state state_ = state::ready;
  bool finishing_ = false;
  bool stopped_ = false;
  bool end_acked_ = false;
  reset_code code_ = reset_code::reset;
};

}  // namespace mtcp::core
