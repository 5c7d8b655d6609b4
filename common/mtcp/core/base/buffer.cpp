#include "mtcp/buffer.hpp"

#include <algorithm>
#include <new>

namespace mtcp::core {

struct chunk_ref::block {
  std::size_t references;
  std::size_t capacity;
};

namespace {

// 8 MiB, what is on the way at 1 GB/s over several bridges: blocks of this size are dear to the allocator, which joins
// and splits them again. The rest goes back to it.
constexpr std::size_t max_free_chunks = 512;

// Freed chunks of the usual capacity, linked through their first word. One list per thread.
struct free_list {
  void* head = nullptr;
  std::size_t size = 0;

  void* pop() noexcept {
    void* memory = head;
    head = *static_cast<void**>(memory);
    --size;
    return memory;
  }
  void push(void* memory) noexcept {
    *static_cast<void**>(memory) = head;
    head = memory;
    ++size;
  }
  ~free_list() {
    while (head != nullptr) ::operator delete(pop());
  }
};
thread_local free_list free_chunks;

}  // namespace

chunk_ref chunk_ref::make(std::size_t capacity) {
  void* memory = nullptr;
  if (capacity == chunk_capacity && free_chunks.head != nullptr) {
    memory = free_chunks.pop();
  } else {
    memory = ::operator new(sizeof(block) + capacity);
  }
  return chunk_ref(new (memory) block{1, capacity});
}

std::byte* chunk_ref::data() const noexcept { return reinterpret_cast<std::byte*>(block_ + 1); }
std::size_t chunk_ref::capacity() const noexcept { return block_->capacity; }
bool chunk_ref::unique() const noexcept { return block_ != nullptr && block_->references == 1; }

void chunk_ref::retain() const noexcept {
  if (block_ != nullptr) ++block_->references;
}

void chunk_ref::release() noexcept {
  if (block_ == nullptr || --block_->references != 0) return;
  if (block_->capacity == chunk_capacity && free_chunks.size < max_free_chunks) {
    free_chunks.push(block_);
  } else {
    ::operator delete(block_);
  }
}

slice slice::copy_of(std::span<const std::byte> bytes) {
  chunk_ref chunk = chunk_ref::make(bytes.size());
  std::copy(bytes.begin(), bytes.end(), chunk.data());
  return slice(std::move(chunk), 0, bytes.size());
}

}  // namespace mtcp::core
