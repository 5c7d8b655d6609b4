#include "mtcp/net/platform/unhurried_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace mtcp::platform {
namespace {

// The flag that makes writes not wait belongs to the open file, and so to everybody who has inherited it. A second
// opening has its own.
int open_again([[maybe_unused]] int descriptor) {
#ifdef __linux__
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
#else
  return -1;
#endif
}

bool is_ready(int descriptor) {
  pollfd one{descriptor, POLLOUT, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace

unhurried_output::unhurried_output(int descriptor) : descriptor_(descriptor) {
  struct stat what {};
  if (::fstat(descriptor, &what) != 0) return;
  is_socket_ = S_ISSOCK(what.st_mode);
  if (S_ISFIFO(what.st_mode) || S_ISCHR(what.st_mode)) own_ = open_again(descriptor);
}

unhurried_output::~unhurried_output() {
  if (own_ >= 0) ::close(own_);
}

std::size_t unhurried_output::write(std::string_view text) noexcept {
  ssize_t taken = 0;
  if (text.empty()) return 0;
  if (is_socket_) {
    taken = ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } else if (own_ >= 0) {
    taken = ::write(own_, text.data(), text.size());
  } else if (is_ready(descriptor_)) {
    taken = ::write(descriptor_, text.data(), text.size());
  }
  return taken < 0 ? 0 : static_cast<std::size_t>(taken);
}

bool leads_to_journal(int descriptor, const char* journal_stream) noexcept {
  struct stat what {};
  if (journal_stream == nullptr || ::fstat(descriptor, &what) != 0) return false;
  return std::to_string(what.st_dev) + ':' + std::to_string(what.st_ino) == journal_stream;
}

}  // namespace mtcp::platform
