// Files that hold secrets: keys, and the passwords of the local listener.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mtcp {

/// The content of such a file, wiped when it is destroyed. It is allocated once and cannot be copied, so that no copy
/// stays behind.
class private_text {
 public:
  /// Reads `path`: a regular file of less than 1 MiB that nobody but its owner can access (mode 0600 or stricter). One
  /// that root owns, and another user reads, may be readable by a group (0640): so service managers hand out secrets.
  /// Throws key_error, which names it.
  explicit private_text(const std::string& path);
  /// Reads standard input to its end, under the same limit.
  static private_text standard_input() { return private_text(0, "standard input"); }

  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  struct wipe {
    void operator()(char* bytes) const noexcept;
  };
  private_text(int descriptor, const std::string& name);
  void read_all(const std::string& path, int descriptor);

  std::unique_ptr<char[], wipe> bytes_;
  std::size_t size_ = 0;
};

}  // namespace mtcp
