// What is left to the programs in their sandbox, and why: the one place that says so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mtcp::program {

/// A file, or all that is below a directory.
struct path_rule {
  enum class right {
    read,  ///< of files
    list,  ///< names in directories
    run,   ///< read and run files, and list directories
    keep,  ///< read, write, make and rename files of a directory
  };
  right may;
  const char* path;
  const char* reason;
};

/// What has no name in any directory (pipes, sockets) is not restricted, nor is what was opened before.
/// `keeps` is the directory for what outlives the program, which must stay as it is meanwhile; empty if there is none.
std::vector<path_rule> allowed_paths(const std::string& keeps = {});

/// `(argument & mask) == value`, of the argument with this number, from 0.
struct call_condition {
  unsigned argument;
  std::uint64_t mask;
  std::uint64_t value;
};

/// System calls by the names of syscalls(2), of all machines. With conditions: only so. A name may stand in several.
struct call_rule {
  const char* reason;
  std::vector<const char*> names;
  std::vector<call_condition> all_of{};
};

/// `notifies`: there is a service manager to tell how the program is. `keeps`: there is a directory for what outlives
/// it.
std::vector<call_rule> allowed_calls(bool notifies, bool keeps);

/// Whether this is a build whose sanitizers need what a sandbox takes away.
bool is_sanitized();

}  // namespace mtcp::program
