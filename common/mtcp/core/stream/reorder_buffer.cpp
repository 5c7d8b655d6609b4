#include "mtcp/core/stream/reorder_buffer.hpp"

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

void reorder_buffer::make_ready(slice bytes) {
  if (!ready_.empty() && absorb(ready_.back(), bytes)) return;
  ready_.push_back(compact(std::move(bytes)));
  account(ready_.back());
}

// Small pieces that follow each other share a chunk: single bytes would cost a hundred times their size. True when
// `before` now ends with `bytes`.
bool reorder_buffer::absorb(slice& before, const slice& bytes) {
  if (bytes.size() > small_piece) return false;
  const bool at_tail = tail_ && before.data() + before.size() == tail_.data() + tail_used_;
  if (!at_tail || tail_.capacity() - tail_used_ < bytes.size()) {
    if (before.size() + bytes.size() > shared_chunk / 2) return false;
    tail_ = chunk_ref::make(shared_chunk);
    std::memcpy(tail_.data(), before.data(), before.size());
    tail_used_ = before.size();
    unaccount(before);
    before = slice(tail_, 0, before.size());
    account(before);
  }
  std::memcpy(tail_.data() + tail_used_, bytes.data(), bytes.size());
  before.grow(bytes.size());
  tail_used_ += bytes.size();
  return true;
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
      keep(next, offset, bytes.prefix(size));
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

// Before `next`, which is the first piece beyond it.
void reorder_buffer::keep(std::map<std::uint64_t, slice>::iterator next, std::uint64_t offset, slice bytes) {
  if (next != waiting_.begin()) {
    auto& [start, piece] = *std::prev(next);
    if (start + piece.size() == offset && absorb(piece, bytes)) return;
  }
  account(waiting_.emplace_hint(next, offset, compact(std::move(bytes)))->second);
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
