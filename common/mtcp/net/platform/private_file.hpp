// Files that a user has written: keys, passwords of the local listener, and settings.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mtcp {

namespace detail {
struct file_content;
}

/// The text of such a file, wiped when the last who holds it is destroyed. It is allocated once and never copied, so
/// that no copy stays behind.
///
/// A pipe of this process (`<(...)` of a shell, standard input) says what it has to say once: that is kept, and is what
/// it says whenever it is read again.
class private_text {
 public:
  enum class readers {
    owner,    ///< it holds secrets
    anybody,  ///< it does not
  };

  static constexpr std::size_t usual_limit = 1 << 20;

  /// Reads `path`: a regular file or such a pipe, of less than `limit` bytes. If it is for its owner, nobody else can
  /// access it (mode 0600 or stricter). One that root owns, and another user reads, may be readable by a group (0640):
  /// so service managers hand out secrets. Throws key_error, which names it.
  explicit private_text(const std::string& path, readers who = readers::owner, std::size_t limit = usual_limit);
  /// Reads standard input to its end, under the usual limit.
  static private_text standard_input();
  /// What was read of pipes so far, by name.
  static std::vector<std::string> pipes();

  /// UTF-8, as far as the first bytes tell; without the byte order mark that some editors put in front.
  std::string_view view() const noexcept;

 private:
  explicit private_text(std::shared_ptr<const detail::file_content> all) : content_(std::move(all)) {}

  std::shared_ptr<const detail::file_content> content_;
};

}  // namespace mtcp
