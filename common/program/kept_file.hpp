// A file of the program's directory that is written again and again while the program goes on: in a thread of its own,
// since a disk may take its time. That it cannot be written is said once.
#pragma once

#include <future>
#include <optional>
#include <string>

#include "mtcp/error.hpp"
#include "program/state_dir.hpp"

namespace mtcp::program {

class kept_file {
 public:
  /// `in` must outlive it. `trouble` is what it means that nothing can be written, for the log.
  kept_file(const state_dir& in, std::string name, std::string trouble);

  std::string place() const { return in_.place_of(name_); }
  /// As state_dir::read().
  std::optional<std::string> read() const { return in_.read(name_); }
  /// Whether the text of before is still being written.
  bool is_busy() const;
  /// Has it hold `text` soon, unless is_busy().
  void replace_meanwhile(std::string text);
  /// Has it hold `text`, at once.
  void replace(const std::string& text);

 private:
  void note(error_code error);

  const state_dir& in_;
  std::string name_, trouble_;
  bool failed_ = false;
  std::future<error_code> writing_;
};

}  // namespace mtcp::program
