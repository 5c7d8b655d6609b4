// Files that must hold what was written also if the machine stops.
#pragma once

#include <string>

#include "mtcp/error.hpp"

namespace mtcp::program {

/// Writes all of `text` to an open file, and onto its disk.
error_code write_durably(int descriptor, const std::string& text);

}  // namespace mtcp::program
