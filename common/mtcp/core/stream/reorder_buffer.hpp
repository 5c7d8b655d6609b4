// The receiving half of a stream's bytes: puts segments in order, drops what was received before, hands bytes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "mtcp/buffer.hpp"
#include "mtcp/core/base/ring.hpp"

namespace mtcp::core {

/// Offsets are positions in the stream, in bytes.
class reorder_buffer {
 public:
  struct inserted {
    std::size_t fresh = 0;    ///< bytes not received before
    bool filled_gap = false;  ///< bytes that had been waiting behind a hole became readable
  };

  /// Takes the bytes at `offset`, keeping references to the slice or, where it is small against its chunk, a copy.
  inserted insert(std::uint64_t offset, slice bytes);

  /// Moves at most `max` bytes, in order, to the back of `out`. Returns their number.
  std::size_t read(std::vector<slice>& out, std::size_t max);
  std::size_t read(std::span<std::byte> out);
  /// Drops all bytes that are kept.
  void clear();

  std::uint64_t consumed() const { return consumed_; }  ///< bytes read so far
  std::uint64_t contiguous() const { return next_; }    ///< bytes received without a hole
  std::size_t readable() const { return static_cast<std::size_t>(next_ - consumed_); }
  std::size_t held() const { return held_; }      ///< bytes waiting behind a hole
  std::size_t memory() const { return memory_; }  ///< memory kept alive, in bytes

 private:
  void append(slice bytes);
  std::size_t hold(std::uint64_t offset, slice bytes);
  bool release_held();
  void make_ready(slice bytes);
  bool absorb(slice& before, const slice& bytes);
  void keep(std::map<std::uint64_t, slice>::iterator next, std::uint64_t offset, slice bytes);
  void account(const slice& s);
  void unaccount(const slice& s);

  ring<slice> ready_;                       // [consumed_, next_)
  std::map<std::uint64_t, slice> waiting_;  // beyond next_, disjoint
  std::uint64_t consumed_ = 0;
  std::uint64_t next_ = 0;
  std::size_t held_ = 0;
  std::size_t memory_ = 0;
  chunk_ref tail_;  ///< the chunk that small pieces were last added to
  std::size_t tail_used_ = 0;
};

}  // namespace mtcp::core
