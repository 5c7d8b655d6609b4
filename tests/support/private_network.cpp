#include "support/private_network.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "support/ip.hpp"
#include "support/process.hpp"

namespace mtcp::lab {
namespace {

int open_current() { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

}  // namespace

bool private_network::possible() {
  const int before = open_current();
  if (before < 0 || !installed("ip")) return false;
  const bool entered = ::unshare(CLONE_NEWNET) == 0;
  if (entered) ::setns(before, CLONE_NEWNET);
  ::close(before);
  return entered;
}

private_network::private_network(const std::vector<std::string>& addresses) : outside_(open_current()) {
  if (outside_ < 0 || ::unshare(CLONE_NEWNET) != 0)
    throw std::system_error(errno, std::system_category(), "a network namespace");
  ip("link set lo up");
  for (const std::string& address : addresses) add_address(address, "lo");
}

private_network::~private_network() {
  ::setns(outside_, CLONE_NEWNET);
  ::close(outside_);
}

}  // namespace mtcp::lab
