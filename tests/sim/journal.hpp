// What a run leaves behind: failures always, and notes of what happened when somebody wants to read them.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "mtcp/session/trace.hpp"
#include "sim/event_queue.hpp"

namespace mtcp::sim {

class journal {
 public:
  /// What becomes of notes.
  enum class notes {
    dropped,
    kept,  ///< the last ones up to the first failure
    printed,
  };

  journal(const event_queue& events, notes use) : events_(events), use_(use) {}

  /// Something that must not happen did. Only the first few are kept: the rest follows from them.
  [[gnu::format(printf, 2, 3)]] void fail(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    const std::string line = stamp() + text(format, arguments);
    va_end(arguments);
    write(line + "   <-- FAILED");
    if (failures_.size() < max_failures) failures_.push_back(line);
  }
  [[gnu::format(printf, 2, 3)]] void note(const char* format, ...) {
    if (!takes_notes()) return;
    std::va_list arguments;
    va_start(arguments, format);
    write(stamp() + text(format, arguments));
    va_end(arguments);
  }
  /// In the words of the programs' logs.
  void note(const char* whose, const trace::event& what) {
    if (takes_notes()) write(stamp() + whose + ": " + trace::to_string(what));
  }

  bool takes_notes() const noexcept { return use_ != notes::dropped; }
  const std::deque<std::string>& last_notes() const noexcept { return last_notes_; }
  const std::vector<std::string>& failures() const noexcept { return failures_; }

 private:
  static constexpr std::size_t max_failures = 10;
  static constexpr std::size_t max_notes = 200;

  void write(const std::string& line) {
    if (use_ == notes::printed) std::printf("%s\n", line.c_str());
    if (use_ != notes::kept || !failures_.empty()) return;
    last_notes_.push_back(line);
    if (last_notes_.size() > max_notes) last_notes_.pop_front();
  }
  static std::string text(const char* format, std::va_list arguments) {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    return line;
  }
  std::string stamp() const {
    char line[32];
    std::snprintf(line, sizeof line, "%11.6f  ", static_cast<double>(events_.now().count()) * 1e-9);
    return line;
  }

  const event_queue& events_;
  notes use_;
  std::vector<std::string> failures_;
  std::deque<std::string> last_notes_;
};

}  // namespace mtcp::sim
