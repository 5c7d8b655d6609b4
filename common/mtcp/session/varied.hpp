// A time that differs from others of its kind by chance, so that nothing happens in step.
#pragma once

#include <random>

#include "mtcp/types.hpp"

namespace mtcp {

/// `time` times a number from `least` to `most`.
inline core::duration varied(core::duration time, double least, double most, std::minstd_rand& chance) {
  std::uniform_real_distribution<double> part(least, most);
  return core::duration(static_cast<core::duration::rep>(part(chance) * static_cast<double>(time.count())));
}

}  // namespace mtcp
