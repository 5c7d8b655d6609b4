// What a run leaves behind: failures always, and a trace when somebody wants to read it.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>
#include <vector>

#include "sim/event_queue.hpp"

namespace mtcp::sim {

class journal {
 public:
  explicit journal(const event_queue& events, bool verbose) : events_(events), verbose_(verbose) {}

  /// Something that must not happen did. Only the first few are kept: the rest follows from them.
  [[gnu::format(printf, 2, 3)]] void fail(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    const std::string line = stamp() + text(format, arguments);
    va_end(arguments);
    if (verbose_) std::printf("%s   <-- FAILED\n", line.c_str());
    if (failures_.size() < max_failures) failures_.push_back(line);
  }
  [[gnu::format(printf, 2, 3)]] void note(const char* format, ...) const {
    if (!verbose_) return;
    std::va_list arguments;
    va_start(arguments, format);
    std::printf("%s%s\n", stamp().c_str(), text(format, arguments).c_str());
    va_end(arguments);
  }

  bool verbose() const noexcept { return verbose_; }
  const std::vector<std::string>& failures() const noexcept { return failures_; }

 private:
  static constexpr std::size_t max_failures = 10;

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
  bool verbose_;
  std::vector<std::string> failures_;
};

}  // namespace mtcp::sim
