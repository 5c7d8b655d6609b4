// A descriptor that is written to without ever waiting for whoever reads at its other end: a terminal that was stopped,
// or a program that stands still.
#pragma once

#include <cstddef>
#include <string_view>

namespace mtcp::platform {

class unhurried_output {
 public:
  /// `descriptor` stays as it is for the other processes that have it: of a pipe or a terminal this opens its own.
  explicit unhurried_output(int descriptor);
  ~unhurried_output();
  unhurried_output(const unhurried_output&) = delete;
  unhurried_output& operator=(const unhurried_output&) = delete;

  /// How many bytes were taken; 0 also if there was an error. A pipe takes all or nothing of up to PIPE_BUF bytes.
  std::size_t write(std::string_view text) noexcept;

 private:
  int descriptor_;
  int own_ = -1;  // non-blocking; -1 if there is none
  bool is_socket_ = false;
};

/// Whether `descriptor` leads to the journal, and so speaks sd-daemon(3): `journal_stream` is $JOURNAL_STREAM, which
/// may be null, and is left over where a parent has redirected its output.
bool leads_to_journal(int descriptor, const char* journal_stream) noexcept;

}  // namespace mtcp::platform
