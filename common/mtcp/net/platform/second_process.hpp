// Processes that a program has from its beginning, before its sandbox and outside of it, for what it may not do itself
// (opener.hpp, and the command of --on-event). Each ends with the program.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cerrno>
#include <functional>

namespace mtcp::platform {

/// One end of a connection whose messages keep their bounds (unix(7), SOCK_SEQPACKET); the other end is served by
/// another process, which `serve` is called in, and which ends when that returns. Nothing that a terminal or a service
/// manager tells all processes ends it. While there are no threads and no secrets in memory. The error if there can be
/// none.
boost::system::result<int> start_second_process(const char* name, const std::function<void(int connection)>& serve);

/// Repeats a system call that a signal has interrupted.
template <class Call>
auto uninterrupted(const Call& call) {
  decltype(call()) result = 0;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace mtcp::platform
