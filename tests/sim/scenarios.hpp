// Plans with a name, each about one thing, and what is expected of a run beyond what must hold always.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/plan.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {

/// The names that find_plan() knows.
std::vector<std::string> plan_names();
/// Those of them that are not drawn from a seed.
std::vector<std::string> directed_plan_names();
std::optional<plan> find_plan(const std::string& name, std::uint64_t seed);

/// Longest pause of a bulk stream as long as one bridge lives.
inline constexpr duration longest_pause_allowed = std::chrono::milliseconds(400);
/// A bridge that becomes twenty times slower goes on making progress, so it takes longer to see: one plan in 200
/// exceeds 400 ms by some tens of ms.
inline constexpr duration longest_pause_of_slow_down = std::chrono::milliseconds(600);

/// Notes in the run's journal what a bulk stream did that it must not do; true when there was nothing.
bool check_expectations(const plan& p, tunnel& run);

std::string rerun_command(const plan& p);
/// For people: the network, the faults and the streams, a line each.
std::string describe(const plan& p);

}  // namespace mtcp::sim
