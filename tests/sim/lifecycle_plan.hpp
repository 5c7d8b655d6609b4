// Plans about the life of tunnels, drawn from seeds: servers that crash, leave and come back, outages shorter and
// longer than a session lives, dials that fail, hang or lose their WELCOME, paths that lead elsewhere, storms of
// suspects, machines that sleep.
#pragma once

#include <cstdint>

#include "sim/plan.hpp"

namespace mtcp::sim {

plan lifecycle_plan(std::uint64_t seed);
/// Where most streams are opened by the server, for connections that it has accepted.
plan reverse_lifecycle_plan(std::uint64_t seed);

}  // namespace mtcp::sim
