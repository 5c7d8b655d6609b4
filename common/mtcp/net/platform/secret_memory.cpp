#include "mtcp/net/platform/secret_memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

#include "mtcp/net/platform/last_error.hpp"

namespace mtcp::platform {
namespace {

using boost::system::error_code;

constexpr std::size_t most = 4 << 20;
// Locked and cut into blocks of one size at a time.
constexpr std::size_t piece = 16 * 1024;
constexpr std::size_t least_block = 32;
constexpr std::size_t sizes = std::bit_width(max_secret_block / least_block);

std::size_t lockable() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 0;
  return std::min<std::size_t>(limit.rlim_cur, most) / piece * piece;
}

std::size_t size_class(std::size_t size) noexcept {
  return static_cast<std::size_t>(std::bit_width((std::max(size, least_block) - 1) / least_block));
}

/// One region, whose first part is locked and consists of blocks; a list of free blocks for each size.
class pool {
 public:
  pool() noexcept : capacity_(lockable()) {
    void* const got = capacity_ == 0 ? MAP_FAILED
                                     : ::mmap(nullptr, capacity_, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
      capacity_ = 0;
      trouble_ = {ENOMEM, boost::system::system_category()};
      return;
    }
    base_ = static_cast<std::byte*>(got);
#ifdef MADV_DONTDUMP
    ::madvise(base_, capacity_, MADV_DONTDUMP);
#endif
    grow(0);  // so that it is known from the start whether anything can be locked
  }

  void* take(std::size_t which) noexcept {
    const std::lock_guard lock(mutex_);
    if (free_[which] == nullptr && !grow(which)) return nullptr;
    free_block* const first = free_[which];
    free_[which] = first->next;
    return first;
  }
  void give_back(void* block, std::size_t which) noexcept {
    const std::lock_guard lock(mutex_);
    free_[which] = new (block) free_block{free_[which]};
  }
  bool has(const void* block) const noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(block), begin = reinterpret_cast<std::uintptr_t>(base_);
    return base_ != nullptr && at >= begin && at < begin + capacity_;
  }
  error_code trouble() const noexcept { return trouble_; }

 private:
  struct free_block {
    free_block* next;
  };

  bool grow(std::size_t which) noexcept {
    if (full_ || used_ + piece > capacity_) return false;
    std::byte* const fresh = base_ + used_;
    full_ = ::mlock(fresh, piece) != 0;  // it will be no other next time
    if (full_ && used_ == 0) trouble_ = last_error();
    if (full_) return false;
    used_ += piece;
    const std::size_t size = least_block << which;
    for (std::size_t at = 0; at < piece; at += size) free_[which] = new (fresh + at) free_block{free_[which]};
    return true;
  }

  std::size_t capacity_;
  std::byte* base_ = nullptr;
  error_code trouble_;
  std::mutex mutex_;  // protects what follows
  bool full_ = false;
  std::size_t used_ = 0;
  std::array<free_block*, sizes> free_{};
};

/// Never destroyed: secrets of static objects come back last of all.
pool& the_pool() noexcept {
  static pool& only = *new pool;
  return only;
}

}  // namespace

void* allocate_secret(std::size_t size) noexcept {
  if (size <= max_secret_block)
    if (void* const block = the_pool().take(size_class(size))) return block;
  return std::aligned_alloc(64, (std::max<std::size_t>(size, 1) + 63) / 64 * 64);
}

void release_secret(void* block, std::size_t size) noexcept {
  if (!is_locked(block)) return std::free(block);
  the_pool().give_back(block, size_class(size));
}

bool is_locked(const void* block) noexcept { return the_pool().has(block); }

error_code secret_memory_trouble() noexcept { return the_pool().trouble(); }

}  // namespace mtcp::platform
