// What --memory comes to.
#pragma once

#include <cstdint>
#include <string>

#include "mtcp/limits.hpp"

namespace mtcp::server {

struct memory_budget {
  std::uint64_t process = 0;  ///< bytes that the whole program may use
  std::uint64_t streams = 0;  ///< of these for what streams hold
  std::string origin{};       ///< why so much, for logs
};

/// `asked` is what the option says, 0 if it says nothing; `there` what the system grants, by a control group or not.
memory_budget budget_of(std::uint64_t asked, std::uint64_t there, bool by_cgroup);
/// The same for this process.
memory_budget budget_of(std::uint64_t asked);
/// What one session may hold within that: a quarter, in each direction.
core::limits limits_within(const memory_budget& all, core::limits usual);

}  // namespace mtcp::server
