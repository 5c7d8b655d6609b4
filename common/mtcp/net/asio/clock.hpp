// The one place where the shell reads the clock.
#pragma once

#include <chrono>

#include "mtcp/types.hpp"

namespace mtcp {

inline core::timestamp now() {
  return std::chrono::duration_cast<core::timestamp>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace mtcp
