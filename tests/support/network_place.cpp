#include "support/network_place.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "support/ip.hpp"

namespace mtcp::lab {
namespace {

[[noreturn]] void fail() { throw std::system_error(errno, std::system_category(), "a network namespace"); }

int open_current() {
  const int descriptor = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail();
  return descriptor;
}

int open_fresh() {
  const int outside = open_current();
  if (::unshare(CLONE_NEWNET) != 0) fail();
  const int fresh = open_current();
  if (::setns(outside, CLONE_NEWNET) != 0) fail();
  ::close(outside);
  return fresh;
}

}  // namespace

network_place::stay::stay(int descriptor) : outside_(open_current()) {
  if (::setns(descriptor, CLONE_NEWNET) != 0) fail();
}

network_place::stay::~stay() {
  ::setns(outside_, CLONE_NEWNET);
  ::close(outside_);
}

network_place::network_place() : descriptor_(open_fresh()) { ip("link set lo up"); }

network_place::~network_place() { ::close(descriptor_); }

void network_place::ip(const std::string& words) const {
  inside([&words] { return lab::ip(words); });
}

void network_place::add_address(const std::string& address, const std::string& interface) const {
  inside([&] { lab::add_address(address, interface); });
}

std::string network_place::name() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
}

void join(const network_place& one, const std::string& interface, const network_place& other,
          const std::string& its_interface) {
  one.ip("link add " + interface + " type veth peer name " + its_interface + " netns " + other.name());
  one.ip("link set " + interface + " up");
  other.ip("link set " + its_interface + " up");
}

}  // namespace mtcp::lab
