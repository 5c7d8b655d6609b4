// The log of a program: lines on standard error.
#pragma once

#include <spdlog/common.h>

#include <functional>
#include <string>

namespace mtcp::program {

/// One printable() line each, with time and level; under systemd's journal, which has a time of its own, with the
/// prefix that tells it the level (sd-daemon(3)).
///
/// Nobody waits for whoever reads it. Lines that do not fit any more are dropped, and their number is logged when there
/// is room again: by the next line, or by flush_log().
void start_log(const std::string& program, spdlog::level::level_enum level);
/// `told` is called in any thread when the first line is dropped, and must not log; flush_log() is to follow now and
/// then, until it returns true, since the number has been logged.
void on_lost_lines(std::function<void()> told);
bool flush_log();

}  // namespace mtcp::program
