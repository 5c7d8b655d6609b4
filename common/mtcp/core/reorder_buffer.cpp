#include "mtcp/core/reorder_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace mtcp::core {
namespace {

// What a kept slice costs besides its chunk: the chunk's header, the allocator's, and a node of the map or the deque.
constexpr std::size_t overhead = 96;
constexpr std::size_t small_piece = 1024;
constexpr std::size_t shared_chunk = 4096;

// A slice keeps its whole chunk alive. One that fills less than half of it is copied, so that memory stays within
// twice the bytes kept and nobody can pin megabytes with single bytes.
slice compact(slice bytes) { return bytes.size() * 2 < bytes.charge() ? slice::copy_of(bytes.bytes()) : bytes; }

}  // namespace

void reorder_buffer::account(const slice& s) { memory_ += s.charge() + overhead; }
void reorder_buffer::unaccount(const slice& s) { memory_ -= s.charge() + overhead; }

reorder_buffer::inserted reorder_buffer::insert(std::uint64_t offset, slice bytes) {
  if (offset < next_) {
    const std::uint64_t old = next_ - offset;
    if (old >= bytes.size()) return {};
    bytes.remove_prefix(static_cast<std::size_t>(old));
    offset = next_;
  }
  if (bytes.empty()) return {};
  if (offset > next_) return {hold(offset, std::move(bytes)), false};
  if (waiting_.empty()) {
    const std::size_t fresh = bytes.size();
    append(std::move(bytes));
    return {fresh, false};
  }
  // Hold it first: that trims what overlaps with bytes behind the hole.
  const std::size_t fresh = hold(offset, std::move(bytes));
  return {fresh, release_held()};
}

void reorder_buffer::append(slice bytes) {
  next_ += bytes.size();
  make_ready(std::move(bytes));
}

// Small pieces that pile up share a chunk: thousands of single bytes would cost a hundred times their size.
void reorder_buffer::make_ready(slice bytes) {
  if (ready_.empty() || bytes.size() > small_piece) {
    tail_ = {};
    ready_.push_back(compact(std::move(bytes)));
    account(ready_.back());
    return;
  }
  if (!tail_ || tail_.capacity() - tail_used_ < bytes.size()) {
    tail_ = chunk_ref::make(shared_chunk);
    std::memcpy(tail_.data(), bytes.data(), bytes.size());
    ready_.push_back(slice(tail_, 0, bytes.size()));
    account(ready_.back());
    tail_used_ = bytes.size();
    return;
  }
  std::memcpy(tail_.data() + tail_used_, bytes.data(), bytes.size());
  ready_.back().grow(bytes.size());
  tail_used_ += bytes.size();
}

// Stores the parts of [offset, offset + size) that are not there yet. Returns the number of new bytes.
std::size_t reorder_buffer::hold(std::uint64_t offset, slice bytes) {
  std::size_t fresh = 0;
  auto next = waiting_.upper_bound(offset);
  if (next != waiting_.begin()) {
    const auto& [start, piece] = *std::prev(next);
    if (const std::uint64_t end = start + piece.size(); end > offset) {
      const std::size_t old = std::min<std::uint64_t>(end - offset, bytes.size());
      bytes.remove_prefix(old);
      offset += old;
    }
  }
  while (!bytes.empty()) {
    const std::uint64_t room = next == waiting_.end() ? bytes.size() : next->first - offset;
    const std::size_t size = std::min<std::uint64_t>(room, bytes.size());
    if (size > 0) {
      const auto placed = waiting_.emplace_hint(next, offset, compact(bytes.prefix(size)));
      account(placed->second);
      fresh += size;
    }
    const std::size_t skip = next == waiting_.end() ? size : std::min(bytes.size(), size + next->second.size());
    bytes.remove_prefix(skip);
    offset += skip;
    if (next != waiting_.end()) ++next;
  }
  held_ += fresh;
  return fresh;
}

// Moves what has become contiguous to the readable bytes. True when that included bytes beyond the first piece.
bool reorder_buffer::release_held() {
  std::size_t pieces = 0;
  while (!waiting_.empty() && waiting_.begin()->first == next_) {
    slice piece = std::move(waiting_.begin()->second);
    next_ += piece.size();
    held_ -= piece.size();
    unaccount(piece);
    make_ready(std::move(piece));
    waiting_.erase(waiting_.begin());
    ++pieces;
  }
  return pieces > 1;
}

std::size_t reorder_buffer::read(std::vector<slice>& out, std::size_t max) {
  std::size_t taken = 0;
  while (taken < max && !ready_.empty()) {
    slice& front = ready_.front();
    const std::size_t size = std::min(front.size(), max - taken);
    taken += size;
    if (size == front.size()) {
      unaccount(front);
      out.push_back(std::move(front));
      ready_.pop_front();
    } else {
      out.push_back(front.prefix(size));
      front.remove_prefix(size);
    }
  }
  consumed_ += taken;
  return taken;
}

std::size_t reorder_buffer::read(std::span<std::byte> out) {
  std::size_t taken = 0;
  while (taken < out.size() && !ready_.empty()) {
    slice& front = ready_.front();
    const std::size_t size = std::min(front.size(), out.size() - taken);
    std::memcpy(out.data() + taken, front.data(), size);
    taken += size;
    front.remove_prefix(size);
    if (front.empty()) {
      unaccount(front);
      ready_.pop_front();
    }
  }
  consumed_ += taken;
  return taken;
}

void reorder_buffer::clear() {
  ready_ = {};
  tail_ = {};
  waiting_.clear();
  held_ = 0;
  memory_ = 0;
}

}  // namespace mtcp::core
