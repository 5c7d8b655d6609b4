// The terminal of this process, taken over for a while: another screen without a cursor, keys as they are
// pressed. What was there comes back when it is left, and at the latest with the destructor.
#pragma once

#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "top/frame.hpp"

namespace mtcp::top {

class terminal {
 public:
  terminal();
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;
  ~terminal();

  /// Whether standard output is one.
  static bool is_there();
  /// Its size, or COLUMNS and LINES, or 80 x 24; and what it can show (NO_COLOR, TERM, locale).
  static style look();

  void enter();
  void leave();
  /// Replaces the picture.
  void show(const std::vector<std::string>& lines);
  /// Becomes readable when keys are pressed; -1 if there are none. Non-blocking, and not shared with other processes.
  int keys() const noexcept { return keys_; }
  /// Empties what was typed and returns it; never waits.
  std::string typed();

 private:
  int keys_;
  std::optional<termios> before_;
  bool entered_ = false;
};

}  // namespace mtcp::top
