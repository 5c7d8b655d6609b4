// What the last call of the system has failed for.
#pragma once

#include <boost/system/error_code.hpp>
#include <cerrno>

namespace mtcp::platform {

inline boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

}  // namespace mtcp::platform
