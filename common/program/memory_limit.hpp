// How much memory this process may use, as far as the system says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mtcp::program {

/// The least limit among those of the control groups that a process is in, version 2 or 1 (cgroups(7)). `membership` is
/// what its /proc/PID/cgroup says, `root` where the hierarchies are mounted. Empty if there is no limit.
std::optional<std::uint64_t> cgroup_memory_limit(const std::string& root, const std::string& membership);

struct memory_of_process {
  std::uint64_t bytes;
  bool by_cgroup;  ///< and not simply all that the machine has
};
memory_of_process memory_of_process_now();

}  // namespace mtcp::program
