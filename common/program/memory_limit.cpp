#include "program/memory_limit.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace mtcp::program {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Empty for "max", and for the number by which version 1 says the same.
std::optional<std::uint64_t> limit_in(const std::filesystem::path& file) {
  constexpr std::uint64_t unlimited = std::uint64_t{1} << 60;
  const std::string text = text_of(file);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value == 0 || value >= unlimited) return std::nullopt;
  return value;
}

/// Of a group and all those that it is in. In a container the path may be the host's, of which only the end is here.
std::optional<std::uint64_t> least_limit(const std::filesystem::path& root, std::filesystem::path group,
                                         const char* file) {
  std::optional<std::uint64_t> least;
  for (;; group = group.parent_path()) {
    const auto limit = limit_in(root / group / file);
    if (limit) least = std::min(least.value_or(*limit), *limit);
    if (group.empty()) return least;
  }
}

bool has_controller(const std::string& list, const std::string& name) {
  return (',' + list + ',').find(',' + name + ',') != std::string::npos;
}

}  // namespace

// Lines are NUMBER:CONTROLLERS:/PATH; version 2 has the number 0 and no controllers.
std::optional<std::uint64_t> cgroup_memory_limit(const std::string& root, const std::string& membership) {
  std::optional<std::uint64_t> least;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(":/", first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::filesystem::path group = line.substr(second + 2);
    std::optional<std::uint64_t> limit;
    if (controllers.empty()) limit = least_limit(root, group, "memory.max");
    if (has_controller(controllers, "memory"))
      limit = least_limit(std::filesystem::path(root) / "memory", group, "memory.limit_in_bytes");
    if (limit) least = std::min(least.value_or(*limit), *limit);
  }
  return least;
}

memory_of_process memory_of_process_now() {
  struct sysinfo machine {};
  ::sysinfo(&machine);
  const std::uint64_t all = std::uint64_t{machine.totalram} * machine.mem_unit;
  const auto limit = cgroup_memory_limit("/sys/fs/cgroup", text_of("/proc/self/cgroup"));
  if (limit && *limit < all) return {*limit, true};
  return {all, false};
}

}  // namespace mtcp::program
