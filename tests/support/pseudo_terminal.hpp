// A program in a terminal of its own: what it writes there, keys for it, and how it leaves the terminal.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <chrono>
#include <string>
#include <vector>

namespace mtcp::lab {

class pseudo_terminal {
 public:
  /// Starts `arguments[0]` (a path) in the foreground of a terminal of this size, as a terminal emulator does. The
  /// environment is this process's, with `variables` ("TERM=xterm") on top. Throws std::system_error.
  pseudo_terminal(const std::vector<std::string>& arguments, const std::vector<std::string>& variables,
                  unsigned short columns = 80, unsigned short rows = 24);
  /// Kills the program if it still runs.
  ~pseudo_terminal();
  pseudo_terminal(const pseudo_terminal&) = delete;
  pseudo_terminal& operator=(const pseudo_terminal&) = delete;

  pid_t id() const { return id_; }
  /// All that was written so far, once it holds `text` behind position `from`, or the program is over, or 20 s passed.
  const std::string& read_until(const std::string& text, std::size_t from = 0);
  void type(const std::string& keys);
  void resize(unsigned short columns, unsigned short rows);
  /// Whether lines are edited and echoed, as a shell wants it.
  bool is_cooked() const;
  /// Reads to the end and returns the wait status of the program; fails after 20 s by killing it.
  int wait();
  /// Waits until the program was stopped (SIGSTOP); false after 20 s.
  bool wait_stopped() const;

 private:
  bool read_some(std::chrono::steady_clock::time_point until);

  pid_t id_ = -1;
  int master_ = -1;
  int slave_ = -1;  // kept open, so that the terminal can be asked after its program is gone
  bool running_ = true;
  std::string text_;
};

}  // namespace mtcp::lab
