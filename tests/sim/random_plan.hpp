// Plans drawn from a seed.
#pragma once

#include <cstdint>

#include "sim/plan.hpp"

namespace mtcp::sim {

/// Anything goes: any network, any faults, any programs, small budgets. Only what must hold always is judged.
plan random_plan(std::uint64_t seed);

/// One bulk transfer over several similar bridges, one of which meets one fault: the transfer must go on.
plan random_fault_plan(std::uint64_t seed);

/// Transfers, while the interfaces of paths come and go.
plan roaming_plan(std::uint64_t seed);

}  // namespace mtcp::sim
