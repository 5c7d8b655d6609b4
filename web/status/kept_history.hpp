// The history of paths in a file of the program's directory: what it holds of a day and a month outlives the program,
// the time in between stays a gap. The last hour, in its fine steps, is forgotten.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "program/kept_file.hpp"
#include "status/path_history.hpp"

namespace mtcp::status {

std::string to_text(const path_history& history);
/// Throws std::invalid_argument, which says what cannot be understood.
path_history history_in(std::string_view text);

class kept_history {
 public:
  /// `directory` may be null: nothing is kept.
  explicit kept_history(std::shared_ptr<const program::state_dir> directory);

  /// What was kept; throws program::settings_error if it cannot be understood.
  path_history read() const;
  /// To be called now and then: writes once in a quarter of an hour, without waiting for the disk.
  void save_meanwhile(const path_history& history);
  /// Writes at once, if anything was seen since.
  void save(const path_history& history);

 private:
  std::shared_ptr<const program::state_dir> directory_;
  std::optional<program::kept_file> file_;
  // In unix time.
  std::optional<double> due_{};  // the next time that it is written
  double saved_ = 0;             // until when the file knows
};

}  // namespace mtcp::status
