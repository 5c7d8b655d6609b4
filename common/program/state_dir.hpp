// The directory in which a program keeps what should outlive it. Files in it are replaced as a whole, and only one
// program at a time uses it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mtcp/error.hpp"
#include "program/options.hpp"

namespace mtcp::program {

/// `what` is kept there.
option state_dir_option(const std::string& what);

class state_dir {
 public:
  /// Makes it, for its owner alone, if it is not there. Throws settings_error if it cannot be used, or another program
  /// uses it. `origin` is the option that named it, for messages.
  state_dir(std::string path, const std::string& origin);
  ~state_dir();
  state_dir(const state_dir&) = delete;
  state_dir& operator=(const state_dir&) = delete;

  std::string place_of(const std::string& file) const { return path_ + "/" + file; }
  /// Empty if there is no such file. Throws settings_error if it cannot be read.
  std::optional<std::string> read(const std::string& file) const;
  /// Afterwards it holds all of `text`, also if the machine stops; after an error what it held before.
  error_code replace(const std::string& file, const std::string& text) const;

 private:
  std::string path_, origin_;
  int lock_ = -1;
};

/// That of --state-dir; null if `path` is empty.
std::shared_ptr<const state_dir> open_state_dir(const std::string& path);

}  // namespace mtcp::program
