#include "support/private_network.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "support/process.hpp"

namespace mtcp::lab {
namespace {

int open_current() { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

void ip(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ip");
  const run_result done = run(arguments);
  if (done.end.exit_code != 0) throw std::runtime_error("ip: " + done.standard_error);
}

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
  ip({"link", "set", "lo", "up"});
  for (const std::string& address : addresses) {
    std::vector<std::string> add{"addr", "add", address, "dev", "lo"};
    // Nobody can bind to an address of IPv6 while it is being looked for at others (RFC 4862, section 5.4).
    if (address.find(':') != std::string::npos) add.emplace_back("nodad");
    ip(std::move(add));
  }
}

private_network::~private_network() {
  ::setns(outside_, CLONE_NEWNET);
  ::close(outside_);
}

}  // namespace mtcp::lab
