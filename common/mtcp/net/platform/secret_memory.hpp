// Memory for secrets, which is not swapped out and no part of a dump (mlock(2), madvise(2)): what lies on a disk
// outlives the program. There is as much of it as the system lets a process lock (RLIMIT_MEMLOCK, 8 MiB nearly
// everywhere), but no more than a few MiB; beyond that it is memory like any other.
//
// Threads: any.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>

namespace mtcp::platform {

/// Blocks up to this size come from there.
inline constexpr std::size_t max_secret_block = 2048;

/// Aligned for anything, and from 64 bytes on to 64 bytes. Null if there is no memory.
void* allocate_secret(std::size_t size) noexcept;
/// `size` is what was asked for. What is in the block has been overwritten by then.
void release_secret(void* block, std::size_t size) noexcept;

/// Whether this block is one that stays in memory.
bool is_locked(const void* block) noexcept;
/// Why nothing can be locked; no error if it can.
boost::system::error_code secret_memory_trouble() noexcept;

}  // namespace mtcp::platform
