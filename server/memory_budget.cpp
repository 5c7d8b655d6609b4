#include "memory_budget.hpp"

#include <algorithm>

#include "program/memory_limit.hpp"

namespace mtcp::server {
namespace {

std::string in_megabytes(std::uint64_t bytes) { return std::to_string(bytes / 1'000'000) + " MB"; }

}  // namespace

// A quarter is for the program itself, for what the allocator keeps, and for what comes in during one turn.
memory_budget budget_of(std::uint64_t asked, std::uint64_t there, bool by_cgroup) {
  memory_budget out;
  if (asked != 0) {
    out = {asked, 0, "--memory"};
  } else if (by_cgroup) {
    out = {there / 4 * 3, 0, "three quarters of the control group's limit, " + in_megabytes(there)};
  } else {
    out = {there / 2, 0, "half of the machine's, " + in_megabytes(there)};
  }
  out.streams = out.process / 4 * 3;
  return out;
}

memory_budget budget_of(std::uint64_t asked) {
  const program::memory_of_process there = program::memory_of_process_now();
  return budget_of(asked, there.bytes, there.by_cgroup);
}

core::limits limits_within(const memory_budget& all, core::limits usual) {
  constexpr std::uint64_t least = 4 << 20;
  const std::uint64_t share = std::max(all.streams / 4, least);
  usual.receive_budget = static_cast<std::size_t>(std::min<std::uint64_t>(usual.receive_budget, share));
  usual.send_budget = static_cast<std::size_t>(std::min<std::uint64_t>(usual.send_budget, share));
  return usual;
}

}  // namespace mtcp::server
