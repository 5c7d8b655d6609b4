#include "mtcp/net/platform/second_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "mtcp/net/platform/last_error.hpp"

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace mtcp::platform {
namespace {

using boost::system::error_code;

/// What a terminal or a service manager tells all processes is for the program. Who waits for the end of the program's
/// output must not wait for this process.
void become_second_process([[maybe_unused]] const char* name) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE}) std::signal(number, SIG_IGN);
#ifdef __linux__
  ::prctl(PR_SET_NAME, name);
#endif
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

[[noreturn]] void run_second_process(const char* name, const std::function<void(int)>& serve, int connection) noexcept {
  become_second_process(name);
  serve(connection);
  std::_Exit(0);
}

}  // namespace

boost::system::result<int> start_second_process(const char* name, const std::function<void(int)>& serve) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return last_error();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    run_second_process(name, serve, ends[1]);
  }
  const error_code failed = child < 0 ? last_error() : error_code();
  ::close(ends[1]);
  if (!failed) return ends[0];
  ::close(ends[0]);
  return failed;
}

}  // namespace mtcp::platform
