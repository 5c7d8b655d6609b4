// The subcommand `top`: the dashboard in a terminal, from the status endpoint of a running program.
#pragma once

#include "program/options.hpp"
#include "status/program.hpp"

namespace mtcp::top {

/// For a program's synopsis; its option --once is for run_top().
program::command top_command();

/// Shows one picture a second until q, Ctrl-C or a signal, and leaves the terminal as it was; with `once` prints one
/// picture without needing a terminal. Returns the exit code: 0, 1 if `once` got no answer, or 128 + the signal.
/// Throws program::settings_error if there is no terminal or no endpoint.
int run_top(const status::setting& s, bool once);

}  // namespace mtcp::top
