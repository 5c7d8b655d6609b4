// When a bridge should give way to a fresh one, because the network treats connections worse over their life.
#pragma once

#include <chrono>
#include <cstdint>

namespace mtcp {

struct rotation_options {
  enum class mode : std::uint8_t {
    off,      ///< bridges stay until they are lost
    learnt,   ///< as the path is found to treat its connections; not on a backup path, nor on one with a rate limit
    planned,  ///< at the latest after so many bytes, or at that age
  };
  mode when = mode::learnt;
  std::uint64_t bytes = 0;           ///< planned: both directions together; 0 for any number
  std::chrono::milliseconds age{0};  ///< planned: 0 for any
};

}  // namespace mtcp
