// Bytes for one send, in pieces: payload stays where it is kept until TLS reads it, and what is written around it lies
// in memory of the list. To copy everything into one place first took 4 % of a sender's time, and 11 % with eight
// streams, whose bytes have left the cache by then; most of that is now the cipher's, which has to fetch them.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace mtcp::core {

using byte_piece = std::span<const std::byte>;

/// All sizes in bytes.
class gather_list {
 public:
  explicit gather_list(std::size_t capacity)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(capacity)), capacity_(capacity), most_(capacity) {}

  /// Empties the list, for at most so many bytes and no more than the capacity.
  void clear(std::size_t most) {
    pieces_.clear();
    size_ = written_ = 0;
    most_ = std::min(most, capacity_);
  }

  /// Takes no more than so many bytes more.
  void limit_rest(std::size_t most) { most_ = size_ + std::min(most, most_ - size_); }
  /// Where the next bytes may be written: as many as may still be added.
  std::span<std::byte> rest() const { return {memory_.get() + written_, most_ - size_}; }
  /// So many bytes were written to the front of rest().
  void wrote(std::size_t bytes) {
    add({memory_.get() + written_, bytes});
    written_ += bytes;
  }
  /// Bytes that must stay where they are while the list is used. A few bytes are copied instead, since each piece costs
  /// the cipher as much as the copy.
  void refer(byte_piece bytes) {
    assert(bytes.size() <= rest().size());
    if (bytes.size() >= worth_a_piece) return add(bytes);
    std::copy(bytes.begin(), bytes.end(), rest().begin());
    wrote(bytes.size());
  }

  std::size_t size() const { return size_; }
  std::span<const byte_piece> pieces() const { return pieces_; }
  /// Copies all of it to the front of `out`, for callers that need it in one place.
  void copy_to(std::span<std::byte> out) const {
    auto to = out.begin();
    for (const byte_piece& piece : pieces_) to = std::copy(piece.begin(), piece.end(), to);
  }

 private:
  static constexpr std::size_t worth_a_piece = 1024;

  void add(byte_piece bytes) {
    assert(bytes.size() <= most_ - size_);
    if (bytes.empty()) return;
    size_ += bytes.size();
    if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == bytes.data()) {
      pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
    } else {
      pieces_.push_back(bytes);
    }
  }

  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_;
  std::size_t most_;
  std::size_t written_ = 0;
  std::size_t size_ = 0;
  std::vector<byte_piece> pieces_;
};

/// Takes bytes from the front of pieces.
class piece_reader {
 public:
  explicit piece_reader(std::span<const byte_piece> pieces) : pieces_(pieces) {
    for (const byte_piece& piece : pieces) left_ += piece.size();
  }

  std::size_t left() const { return left_; }
  /// The next bytes that lie together, at most `most` (> 0); empty only when none are left.
  byte_piece next(std::size_t most) {
    while (!pieces_.empty() && taken_ == pieces_.front().size()) {
      pieces_ = pieces_.subspan(1);
      taken_ = 0;
    }
    if (pieces_.empty()) return {};
    const byte_piece piece = pieces_.front().subspan(taken_, std::min(most, pieces_.front().size() - taken_));
    taken_ += piece.size();
    left_ -= piece.size();
    return piece;
  }

 private:
  std::span<const byte_piece> pieces_;
  std::size_t taken_ = 0;  // of the first one
  std::size_t left_ = 0;
};

}  // namespace mtcp::core
