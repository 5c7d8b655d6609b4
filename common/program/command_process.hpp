// A process from before the sandbox that runs one command, again and again, with what has happened in its environment:
// the program itself can run nothing (second_process.hpp).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "program/identity.hpp"

namespace mtcp::program {

/// How a run ended.
struct command_end {
  int error = 0;      ///< errno: it could not be run
  int status = 0;     ///< as of waitpid(2)
  bool late = false;  ///< it was ended, since it took too long

  bool well() const noexcept { return error == 0 && status == 0 && !late; }
};
/// "it ended with 1".
std::string in_words(const command_end& end);

class command_process {
 public:
  struct options {
    std::string command;                         ///< a file
    std::optional<identity> user{};              ///< to run it as
    std::chrono::milliseconds patience{30'000};  ///< then it is ended, with all that it has started
  };
  /// Before there are threads and secrets. Throws boost::system::system_error if there can be no process.
  explicit command_process(const options& what);
  command_process(const command_process&) = delete;
  command_process& operator=(const command_process&) = delete;
  /// What runs goes on to its end.
  ~command_process();

  /// Begins to run it. Not before the run of before has ended.
  void run(const std::vector<std::pair<std::string, std::string>>& variables);
  /// Becomes readable when it has ended.
  int descriptor() const noexcept { return connection_; }
  /// How it ended; waits for that.
  command_end end();

 private:
  int connection_;
};

}  // namespace mtcp::program
