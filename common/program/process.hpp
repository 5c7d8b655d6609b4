// What both programs do with their process: exit codes, limits, and the first and second signal.
#pragma once

#include <boost/asio/basic_signal_set.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include "mtcp/async.hpp"
#include "mtcp/event_sink.hpp"

namespace mtcp::program {

/// No core dumps, no other process that reads this one's memory (keys), as many file descriptors as allowed, and none
/// of the standard ones for anything else, if it was closed.
void prepare_process();

/// What the library tells of bridges and sessions goes to the log: routine at level debug.
void log_event(event_weight weight, std::string_view text);
/// Whether level debug is on, which may change while the program runs.
bool logs_details();
/// Logs an exception that ended one connection.
void report_failure(const std::exception_ptr& escaped);

/// How long connections may go on after the first signal, before they are reset.
inline constexpr std::chrono::seconds grace{7};
/// How much of the grace is left: for bytes that are still under way when the last connection has ended.
std::chrono::milliseconds rest_of(const timer& running);

/// Calls `main`, prints what it throws, and returns the exit code: its own, that of a settings_error, EX_NOPERM for
/// files that must not or cannot be used by this user, EX_CONFIG for key files that hold something else, EX_UNAVAILABLE
/// if an address cannot be listened on, EX_IOERR if standard output took less than was printed, EX_SOFTWARE for the
/// rest.
int run_main(const std::string& program, const std::function<int()>& main);

using signal_set = asio::basic_signal_set<executor>;

/// SIGTERM, SIGINT and SIGHUP. To be made before anything tells that the program is ready: until then a signal kills
/// it.
signal_set stop_signals(asio::io_context& io);

/// What a program does on a signal.
struct reactions {
  std::function<void()> drain;   ///< SIGTERM, SIGINT: bring the end about
  std::function<void()> reload;  ///< SIGHUP: read the settings again; what it throws is logged, and nothing has changed
};

/// Reads the settings again, and tells the service manager and the log, `by` whom that was asked for. Returns why it
/// failed, and nothing has changed, or nothing.
std::string reload(const reactions& on, const std::string& by);

/// Runs `main` to its end, and tells the service manager when that begins, reloads and ends. 2 s after the grace that
/// follows `drain` the process ends all the same. A second such signal ends it at once, with 128 + its number. An
/// exception that escapes from `main` is thrown here.
void run_until_drained(asio::io_context& io, signal_set& signals, task<> main, reactions on);

}  // namespace mtcp::program
