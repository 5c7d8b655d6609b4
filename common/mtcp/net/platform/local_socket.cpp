#include "mtcp/net/platform/local_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "mtcp/net/platform/last_error.hpp"

namespace mtcp::platform {
namespace {

using boost::system::error_code;

error_code error_of(int number) { return {number, boost::system::system_category()}; }

/// False if the path is too long for one.
bool fill(sockaddr_un& address, const std::string& path) {
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  std::ranges::copy(path, address.sun_path);
  return true;
}

boost::system::result<int> failed(int descriptor, const error_code& why) {
  if (descriptor >= 0) ::close(descriptor);
  return why;
}

bool is_abandoned(const std::string& path) {
  struct stat what {};
  if (::lstat(path.c_str(), &what) != 0 || !S_ISSOCK(what.st_mode)) return false;
  const auto somebody = connect_to(path);
  if (somebody) ::close(*somebody);
  return !somebody && somebody.error() == error_of(ECONNREFUSED);
}

}  // namespace

// The mode of the descriptor becomes that of the file, so that nobody else may connect from the first moment on.
boost::system::result<int> listen_at(const std::string& path) {
  sockaddr_un address{};
  if (!fill(address, path)) return error_of(ENAMETOOLONG);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return last_error();
  ::fchmod(descriptor, S_IRUSR | S_IWUSR);
  const auto bind = [&] {
    return ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  };
  bool bound = bind();
  if (!bound && errno == EADDRINUSE && is_abandoned(path)) {
    ::unlink(path.c_str());
    bound = bind();
  }
  if (!bound) return failed(descriptor, last_error());
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(descriptor, SOMAXCONN) != 0)
    return failed(descriptor, last_error());
  return descriptor;
}

boost::system::result<int> connect_to(const std::string& path) {
  sockaddr_un address{};
  if (!fill(address, path)) return error_of(ENAMETOOLONG);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return last_error();
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed(descriptor, last_error());
  return descriptor;
}

}  // namespace mtcp::platform
