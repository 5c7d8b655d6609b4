// A directory that lives as long as the test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace mtcp::lab {

class temp_dir {
 public:
  /// Under the system's temporary directory, readable by the owner only. Throws std::system_error.
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  /// Writes `text` to `name`, with permissions 0600 unless told otherwise, and returns its path.
  std::string write(std::string_view name, std::string_view text, unsigned permissions = 0600) const;

 private:
  std::filesystem::path path_;
};

}  // namespace mtcp::lab
