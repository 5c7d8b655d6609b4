#include "allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

std::size_t total = 0;  // the benchmarks have one thread

}  // namespace

std::size_t micro::allocated_bytes() noexcept { return total; }

void* operator new(std::size_t size) {
  total += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
