#include "mtcp/core/stream/send_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mtcp::core {
namespace {

// A small write gets a small chunk: thousands of streams that send a few bytes each must stay cheap.
constexpr std::size_t small_write = 1024;
constexpr std::size_t small_chunk = 4096;

}  // namespace

void send_buffer::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (!tail_ || tail_used_ == tail_.capacity()) {
      tail_ = chunk_ref::make(bytes.size() <= small_write ? small_chunk : chunk_capacity);
      tail_used_ = 0;
    }
    const std::size_t size = std::min(bytes.size(), tail_.capacity() - tail_used_);
    std::memcpy(tail_.data() + tail_used_, bytes.data(), size);
    if (tail_used_ > 0) {
      pieces_.back().bytes.grow(size);
      end_ += size;
    } else {
      push(slice(tail_, 0, size));
    }
    tail_used_ += size;
    bytes = bytes.subspan(size);
  }
}

void send_buffer::append(slice bytes) {
  if (bytes.empty()) return;
  if (bytes.size() * 4 < bytes.charge()) return append(bytes.bytes());  // do not pin a chunk for a few bytes
  tail_ = {};
  push(std::move(bytes));
}

void send_buffer::push(slice bytes) {
  memory_ += bytes.charge();
  const std::size_t size = bytes.size();
  pieces_.push_back({end_, std::move(bytes)});
  end_ += size;
}

std::uint64_t send_buffer::cut(std::size_t max) {
  const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>({unsent(), max, UINT32_MAX}));
  segments_.push_back({.offset = sent_, .size = size});
  sent_ += size;
  return first_segment_ + segments_.size() - 1;
}

// The halves go behind all others, and the whole stays until both have arrived: so what is in front still tells what
// may be freed.
std::uint64_t send_buffer::split(std::uint64_t number, std::size_t size) {
  const std::uint64_t first = first_segment_ + segments_.size();
  segment& whole = *find(number);
  const segment head{.offset = whole.offset, .size = static_cast<std::uint32_t>(size)};
  const segment tail{.offset = whole.offset + size, .size = static_cast<std::uint32_t>(whole.size - size)};
  whole.halves = first;
  segments_.push_back(head);
  segments_.push_back(tail);
  return first;
}

// As deep as a segment can be cut into frames.
bool send_buffer::has_arrived(const segment& s) {
  return s.acked || (s.halves != 0 && has_arrived(*find(s.halves)) && has_arrived(*find(s.halves + 1)));
}

void send_buffer::mark_arrived(segment& s) {
  s.acked = true;
  if (s.halves == 0) return;
  mark_arrived(*find(s.halves));
  mark_arrived(*find(s.halves + 1));
}

segment* send_buffer::find(std::uint64_t number) {
  const std::uint64_t index = number - first_segment_;  // wraps for freed ones
  return index < segments_.size() ? &segments_[static_cast<std::size_t>(index)] : nullptr;
}

void send_buffer::gather(const segment& s, gather_list& out) const {
  std::size_t index = pieces_.partition_point([&](const piece& p) { return p.offset <= s.offset; }) - 1;
  std::size_t skip = static_cast<std::size_t>(s.offset - pieces_[index].offset);
  for (std::size_t done = 0; done < s.size; ++index, skip = 0) {
    const slice& bytes = pieces_[index].bytes;
    const std::size_t size = std::min(bytes.size() - skip, s.size - done);
    out.refer(bytes.bytes().subspan(skip, size));
    done += size;
  }
}

bool send_buffer::acknowledge(std::uint64_t number) {
  segment* s = find(number);
  if (s == nullptr || s->acked) return false;
  mark_arrived(*s);
  std::uint64_t freed = 0;
  while (!segments_.empty() && has_arrived(segments_.front())) {
    freed = std::max(freed, segments_.front().offset + segments_.front().size);
    segments_.pop_front();
    ++first_segment_;
  }
  if (freed > 0) free_to(freed);
  return true;
}

void send_buffer::free_to(std::uint64_t offset) {
  while (!pieces_.empty() && pieces_.front().offset + pieces_.front().bytes.size() <= offset) {
    memory_ -= pieces_.front().bytes.charge();
    pieces_.pop_front();
  }
  if (pieces_.empty()) tail_ = {};
}

void send_buffer::drop_unsent() {
  while (!pieces_.empty() && pieces_.back().offset >= sent_) {
    memory_ -= pieces_.back().bytes.charge();
    pieces_.pop_back();
  }
  if (!pieces_.empty()) {
    piece& last = pieces_.back();
    last.bytes = last.bytes.prefix(static_cast<std::size_t>(sent_ - last.offset));
  }
  tail_ = {};
  end_ = sent_;
}

void send_buffer::clear() {
  first_segment_ += segments_.size();
  segments_ = {};
  pieces_ = {};
  tail_ = {};
  memory_ = 0;
  end_ = sent_;
}

}  // namespace mtcp::core
