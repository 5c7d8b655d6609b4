#include "program/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/net/platform/last_error.hpp"

// What kernels have learnt since Debian 12's headers, which know version 1.
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

namespace mtcp::program {
namespace {

using boost::system::error_code;
using platform::last_error;

/// landlock_ruleset_attr as version 6 has it: older kernels are given its beginning.
struct ruleset {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scopes;
};

constexpr std::uint64_t first_thirteen = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

std::uint64_t rights_of(int version) {
  std::uint64_t all = first_thirteen;
  if (version >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) all |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (version >= 5) all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  return all;
}

/// The network is left alone: destinations are what the program is for. Its signals reach only itself.
int create(int version) {
  const ruleset what{rights_of(version), 0, version >= 6 ? LANDLOCK_SCOPE_SIGNAL : 0};
  const std::size_t known = version >= 6 ? sizeof what : sizeof what.files;
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, &what, known, 0));
}

std::uint64_t rights_of(path_rule::right may) {
  switch (may) {
    case path_rule::right::read:
      return LANDLOCK_ACCESS_FS_READ_FILE;
    case path_rule::right::list:
      return LANDLOCK_ACCESS_FS_READ_DIR;
    case path_rule::right::keep:
      return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
    case path_rule::right::run:
      break;
  }
  return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
}

/// What does not exist needs no rule.
error_code allow(int rules, const path_rule& one, int version) {
  const int place = ::open(one.path, O_PATH | O_CLOEXEC);
  if (place < 0) return {};
  struct stat what {};
  const bool is_directory = ::fstat(place, &what) == 0 && S_ISDIR(what.st_mode);
  const landlock_path_beneath_attr beneath{
      (is_directory ? rights_of(one.may) : rights_of(one.may) & ~std::uint64_t{LANDLOCK_ACCESS_FS_READ_DIR}) &
          rights_of(version),
      place};
  const long done = ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
  const error_code failed = done == 0 ? error_code() : last_error();
  ::close(place);
  return failed;
}

}  // namespace

int landlock_version(error_code& why) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0) why = last_error();
  return version < 0 ? 0 : static_cast<int>(version);
}

error_code restrict_files(const std::vector<path_rule>& allowed) {
  error_code failed;
  const int version = landlock_version(failed);
  if (failed) return failed;
  const int rules = create(version);
  if (rules < 0) return last_error();
  for (const path_rule& one : allowed)
    if (!failed) failed = allow(rules, one, version);
  if (!failed && ::syscall(SYS_landlock_restrict_self, rules, 0) != 0) failed = last_error();
  ::close(rules);
  return failed;
}

}  // namespace mtcp::program
