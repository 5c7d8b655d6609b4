// The subcommand `test`: does mtcp help here, and with how many bridges?
#pragma once

#include <vector>

#include "mtcp/key.hpp"
#include "program/options.hpp"

namespace mtcp::client {

struct settings;

/// What it is told.
struct test_request {
  unsigned seconds = 3;  ///< for each measurement
  bool json = false;
};

/// For the synopsis, and from what was given.
program::command test_command();
test_request test_request_of(const program::values& given);

/// Measures each server, prints, and returns the exit code: 0 if one could be measured, 69 (EX_UNAVAILABLE) if the
/// first cannot be reached or refuses, 70 (EX_SOFTWARE) if the measurement failed otherwise, or 128 + the signal that
/// ended it. `secrets` are those of all tunnels of `s`.
int run_test(const settings& s, std::vector<key> secrets);

}  // namespace mtcp::client
