#include "mtcp/net/tls/cleansed_memory.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "mtcp/net/platform/secret_memory.hpp"

namespace mtcp {
namespace {

// In front of each block stands how long it is; so much room that what follows is aligned for anything.
constexpr std::size_t header = alignof(std::max_align_t);
static_assert(header >= sizeof(std::size_t));

std::byte* front_of(void* block) noexcept { return static_cast<std::byte*>(block) - header; }

std::size_t size_of(void* block) noexcept {
  std::size_t size = 0;
  std::memcpy(&size, front_of(block), sizeof size);
  return size;
}

// Secrets are in small blocks. Sanitizers look for what nobody points to in memory of their own alone.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool locks = false;
#else
constexpr bool locks = true;
#endif

void* allocate_block(std::size_t size) noexcept {
  return locks && size <= platform::max_secret_block ? platform::allocate_secret(size) : std::malloc(size);
}
void release_block(void* block, std::size_t size) noexcept {
  if (locks && size <= platform::max_secret_block) return platform::release_secret(block, size);
  std::free(block);
}

void* allocate(std::size_t size, const char*, int) noexcept {
  if (size == 0 || size > SIZE_MAX - header) return nullptr;
  auto* const front = static_cast<std::byte*>(allocate_block(header + size));
  if (front == nullptr) return nullptr;
  std::memcpy(front, &size, sizeof size);
  return front + header;
}

void release(void* block, const char*, int) noexcept {
  if (block == nullptr) return;
  const std::size_t size = size_of(block);
  OPENSSL_cleanse(block, size);
  release_block(front_of(block), header + size);
}

// Never in place: what realloc() leaves behind nobody could overwrite any more.
void* reallocate(void* block, std::size_t size, const char* file, int line) noexcept {
  if (block == nullptr) return allocate(size, file, line);
  if (size == 0) {
    release(block, file, line);
    return nullptr;
  }
  void* const larger = allocate(size, file, line);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, std::min(size, size_of(block)));
  release(block, file, line);
  return larger;
}

}  // namespace

bool cleanse_freed_secrets() noexcept { return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1; }

}  // namespace mtcp
