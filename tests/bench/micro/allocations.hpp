// Bytes that were allocated with operator new in this program so far.
#pragma once

#include <cstddef>

namespace micro {

std::size_t allocated_bytes() noexcept;

}  // namespace micro
