#include "mtcp/net/platform/file_opening.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "mtcp/net/platform/last_error.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace mtcp::platform {
namespace {

constexpr std::size_t lent_limit = 64 * 1024;  // as much as is looked at for changes

file_opening& other_opener() {
  static file_opening only;
  return only;
}

/// A file without a name that holds `text`; -1 if there can be none.
int unnamed_file([[maybe_unused]] std::string_view text) {
#ifdef __linux__
  const int descriptor = ::memfd_create("mtcp", MFD_CLOEXEC);
  if (descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()))
    return descriptor;
  if (descriptor >= 0) ::close(descriptor);
#endif
  return -1;
}

}  // namespace

void set_file_opening(file_opening by) { other_opener() = std::move(by); }

boost::system::result<int> open_file(const std::string& path, file_use use) {
  const file_opening& other = other_opener();
  return other ? other(path, use) : open_file_here(path, use);
}

boost::system::result<int> open_file_here(const std::string& path, file_use use) {
  int got = -1;
  switch (use) {
    case file_use::read:
      got = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
      break;
    case file_use::append:
      got = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, S_IRUSR | S_IWUSR);
      break;
    case file_use::remove:
      got = ::unlink(path.c_str());
      break;
  }
  if (got < 0) return last_error();
  return got;
}

bool read_into(std::string& text, int descriptor, std::size_t limit) {
  std::array<char, 16 * 1024> part{};
  while (text.size() < limit) {
    const ssize_t n = ::read(descriptor, part.data(), std::min(part.size(), limit - text.size()));
    if (n == 0) return true;
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) text.append(part.data(), static_cast<std::size_t>(n));
  }
  return true;
}

std::optional<std::string> text_of_file(const std::string& path, std::size_t limit) {
  const auto file = open_file(path, file_use::read);
  if (!file) return std::nullopt;
  std::string text;
  const bool all = read_into(text, *file, limit);
  ::close(*file);
  return all ? std::optional<std::string>(std::move(text)) : std::nullopt;
}

lent_file::lent_file(std::string path) : path_(std::move(path)) {
  if (!other_opener()) return;
  if (const auto text = text_of_file(path_, lent_limit)) copy_ = unnamed_file(*text);
}

lent_file::~lent_file() {
  if (copy_ >= 0) ::close(copy_);
}

std::string lent_file::path() const { return copy_ < 0 ? path_ : "/proc/self/fd/" + std::to_string(copy_); }

}  // namespace mtcp::platform
