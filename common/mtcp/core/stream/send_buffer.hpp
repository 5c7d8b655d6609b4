// The sending half of a stream's bytes: kept until acknowledged, cut into segments that may be sent more than once.
//
// A segment is cut when its bytes are sent for the first time, and every later copy carries the same bytes: unless a
// bridge that is to carry it again takes less. Then it is cut anew, into two segments that are sent instead of it.
// Acknowledging any copy of a segment, or all of what it was cut into, frees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mtcp/buffer.hpp"
#include "mtcp/core/base/gather_list.hpp"
#include "mtcp/core/base/ring.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

struct segment {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint8_t copies = 0;  ///< on bridges that live and were not suspected since, not acknowledged
  bool acked = false;
  timestamp late_at{0};      ///< when the latest of several copies has had its time
  std::uint64_t halves = 0;  ///< number of the first of the two that it was cut into, 0 for none: none of them is 0
  /// It has to be sent again itself.
  bool waits() const { return !acked && copies == 0 && halves == 0; }
};

/// Offsets are positions in the stream, in bytes.
class send_buffer {
 public:
  /// Appends bytes by copy; small writes share a chunk.
  void append(std::span<const std::byte> bytes);
  /// Appends bytes by reference.
  void append(slice bytes);

  /// Cuts the next segment off the bytes never sent, at most `max` (> 0) bytes; there must be some. Returns its number.
  std::uint64_t cut(std::size_t max);
  /// Cuts a segment that waits() after `size` bytes, fewer than it has, into two with numbers of their own, of which
  /// the second follows the first. Returns the first one's.
  std::uint64_t split(std::uint64_t number, std::size_t size);
  /// Segments are numbered from 0; null for one whose bytes have been freed.
  segment* find(std::uint64_t number);
  /// Adds the bytes of a segment that has not been freed to `out`, by reference.
  void gather(const segment& s, gather_list& out) const;
  /// The segment's bytes have arrived. Returns false when that was known.
  bool acknowledge(std::uint64_t number);
  /// Forgets bytes never sent: end() becomes sent().
  void drop_unsent();
  /// Forgets everything that is kept; offsets stay.
  void clear();

  std::uint64_t end() const { return end_; }    ///< bytes appended so far
  std::uint64_t sent() const { return sent_; }  ///< bytes sent at least once
  std::uint64_t unsent() const { return end_ - sent_; }
  bool all_acked() const { return segments_.empty() && sent_ == end_; }
  std::size_t memory() const { return memory_; }  ///< memory kept alive, in bytes

 private:
  struct piece {
    std::uint64_t offset;
    slice bytes;
  };
  void push(slice bytes);
  bool has_arrived(const segment& s);
  void mark_arrived(segment& s);
  void free_to(std::uint64_t offset);

  ring<piece> pieces_;               // [freed, end_)
  ring<segment> segments_;           // cut and not freed
  std::uint64_t first_segment_ = 0;  // number of segments_.front()
  std::uint64_t sent_ = 0;
  std::uint64_t end_ = 0;
  std::size_t memory_ = 0;
  chunk_ref tail_;  // chunk of pieces_.back() when small writes may be added to it
  std::size_t tail_used_ = 0;
};

}  // namespace mtcp::core
