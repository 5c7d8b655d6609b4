// Two good lines and a bad one of any kind, drawn from a seed: a download over all three is to be no slower than over
// the two, and no less steady.
#pragma once

#include <cstdint>
#include <string>

#include "sim/plan.hpp"

namespace mtcp::sim {

struct line_set {
  std::string what;
  plan all;   ///< a download over the three lines, 1 to 4 bridges each
  plan good;  ///< the same without the bad one
};

/// The bad line is slow, lossy, far away or jittery, or several of these. A download of `size` bytes.
line_set draw_line_set(std::uint64_t seed, std::uint64_t size);

}  // namespace mtcp::sim
