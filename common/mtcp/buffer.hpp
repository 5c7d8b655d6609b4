// Shared, reference-counted memory for payload, so that bytes move between sockets, TLS, retention and reordering
// without being copied.
//
// A chunk belongs to one thread (counts are not atomic), as does a whole tunnel. Freed chunks of the usual capacity go
// to a small per-thread free list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace mtcp::core {

/// Capacity of a chunk from `chunk_ref::make()`: the payload of one full TLS record (RFC 8446, section 5.1).
inline constexpr std::size_t chunk_capacity = 16 * 1024;

/// An owning reference to a block of memory. Copying shares the block; it is freed with its last reference.
class chunk_ref {
 public:
  chunk_ref() = default;
  /// A fresh block of `capacity` bytes, uninitialised.
  static chunk_ref make(std::size_t capacity = chunk_capacity);

  chunk_ref(const chunk_ref& other) noexcept : block_(other.block_) { retain(); }
  chunk_ref(chunk_ref&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  chunk_ref& operator=(chunk_ref other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~chunk_ref() { release(); }

  explicit operator bool() const noexcept { return block_ != nullptr; }
  std::byte* data() const noexcept;
  std::size_t capacity() const noexcept;
  bool unique() const noexcept;

 private:
  struct block;
  explicit chunk_ref(block* b) noexcept : block_(b) {}
  void retain() const noexcept;
  void release() noexcept;

  block* block_ = nullptr;
};

/// A view of bytes inside a chunk that keeps the chunk alive.
class slice {
 public:
  slice() = default;
  /// `offset + size` must not exceed the chunk's capacity.
  slice(chunk_ref chunk, std::size_t offset, std::size_t size) noexcept
      : chunk_(std::move(chunk)), data_(chunk_.data() + offset), size_(size) {}
  /// A copy of `bytes` in a chunk of exactly that capacity.
  static slice copy_of(std::span<const std::byte> bytes);

  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  /// Memory that this slice keeps alive, in bytes; at least size().
  std::size_t charge() const noexcept { return chunk_ ? chunk_.capacity() : 0; }

  void remove_prefix(std::size_t n) noexcept {
    data_ += n;
    size_ -= n;
  }
  /// The first `n` bytes, sharing the chunk.
  slice prefix(std::size_t n) const noexcept {
    slice s = *this;
    s.size_ = n;
    return s;
  }
  /// Takes in the `n` bytes that follow in the chunk.
  void grow(std::size_t n) noexcept { size_ += n; }
  /// All but the first `n` bytes, sharing the chunk.
  slice suffix(std::size_t n) const noexcept {
    slice s = *this;
    s.remove_prefix(n);
    return s;
  }

 private:
  chunk_ref chunk_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mtcp::core
