// Tells when a small file has changed. It reads the file once a second while somebody asks.
//
// By its content, not by its times: a file that is written twice within one tick of the file system's clock, or that is
// exchanged for another of the same age (a symbolic link that turns), has changed as well.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace mtcp::detail {

class watched_file {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds interval{1};  ///< between two looks

  /// Reads it for the first time.
  watched_file(std::string path, clock::time_point now);

  const std::string& path() const noexcept { return path_; }
  /// True once after each change. What cannot be read, as while it is exchanged, has not changed.
  bool changed(clock::time_point now);
  /// The change could not be dealt with: the next look finds it again.
  void forget() { content_.reset(); }

 private:
  std::string path_;
  std::optional<std::string> content_;
  clock::time_point next_look_;
};

}  // namespace mtcp::detail
