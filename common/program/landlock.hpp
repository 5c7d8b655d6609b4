// Landlock (landlock(7)): takes from this process what it is not told to leave. Needs no privileges.
#pragma once

#include <boost/system/error_code.hpp>
#include <vector>

#include "program/sandbox_rules.hpp"

namespace mtcp::program {

/// Which version of the interface this kernel has, from 1; 0 if none, and `why`.
int landlock_version(boost::system::error_code& why);

/// From now on no files but `allowed`: for this thread, and those that it starts. Network connections are not touched.
boost::system::error_code restrict_files(const std::vector<path_rule>& allowed);

}  // namespace mtcp::program
