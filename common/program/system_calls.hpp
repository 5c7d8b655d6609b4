// seccomp(2), by libseccomp: system calls that are not allowed fail, and end nothing.
#pragma once

#include <boost/system/error_code.hpp>
#include <vector>

#include "program/sandbox_rules.hpp"

namespace mtcp::program {

/// Whether this kernel filters system calls for this process.
boost::system::error_code can_restrict_calls();

/// From now on, in all threads, other calls than these fail with EPERM, or with ENOSYS if they are so new that
/// libraries have something else for kernels without them. Needs no_new_privs.
boost::system::error_code restrict_calls(const std::vector<call_rule>& allowed);

}  // namespace mtcp::program
