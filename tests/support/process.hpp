// A child process whose output is watched: started, waited for by what it says, ended, measured.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "support/watched.hpp"

namespace mtcp::lab {

/// How a process ended.
struct ending {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  double cpu_seconds = 0;  ///< user and system
  bool timed_out = false;  ///< it had to be killed
};

class process {
 public:
  /// Starts `arguments[0]` (a path, or a name that PATH resolves) with standard input from /dev/null. The child dies
  /// with the thread that started it. Throws std::system_error.
  explicit process(const std::vector<std::string>& arguments);
  /// Kills the child if it still runs.
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t id() const { return id_; }
  /// Waits until a line of standard error matches `pattern` (anywhere in the line), from line number `first` on, and
  /// returns its groups; [0] is the whole match. Throws std::runtime_error, with what was written, when `timeout`
  /// passed or the output ended first.
  std::vector<std::string> expect(const std::string& pattern, std::chrono::seconds timeout = std::chrono::seconds{15},
                                  std::size_t first = 0);
  /// Lines that were written on standard error so far: what comes later has this number or a higher one.
  std::size_t lines() const { return output_.get().errors.size(); }
  std::string standard_output() const { return output_.get().standard; }
  std::string standard_error() const;

  void send_signal(int number) const;
  /// Waits for the end; kills the child when it has not come after `timeout`.
  ending wait(std::chrono::milliseconds timeout = std::chrono::seconds{30});
  /// SIGTERM, then wait().
  ending terminate(std::chrono::milliseconds timeout = std::chrono::seconds{15});

  /// Of the living process: the most resident memory it has had, in bytes (VmHWM; a child's ru_maxrss would count
  /// what its parent had at the fork), and the CPU seconds it has used.
  std::size_t peak_memory() const;
  double cpu_seconds() const;

 private:
  struct output {
    std::string standard;
    std::vector<std::string> errors;  // whole lines
    bool ended = false;
  };
  void read_output(int standard, int errors);

  pid_t id_ = -1;
  bool running_ = true;
  ending ending_;
  watched<output> output_;
  std::thread reader_;
};

/// A process that has run to its end.
struct run_result {
  ending end;
  std::string standard_output;
  std::string standard_error;
};
/// Whether PATH leads to a program of that name.
bool installed(const std::string& program);

run_result run(const std::vector<std::string>& arguments, std::chrono::milliseconds timeout = std::chrono::seconds{60});

}  // namespace mtcp::lab
