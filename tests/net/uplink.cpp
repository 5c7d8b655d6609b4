#include "net/uplink.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace mtcp::test {
namespace {

constexpr unsigned name_server_port = 53;

bool ip(const std::string& arguments) { return std::system(("ip " + arguments + " >&2").c_str()) == 0; }

void require_ip(const std::string& arguments) {
  if (!ip(arguments)) throw std::runtime_error("ip " + arguments);
}

int open_device(const std::string& name) {
  const int device = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (device < 0 || ::ioctl(device, TUNSETIFF, &request) != 0) throw std::system_error(errno, std::generic_category());
  return device;
}

}  // namespace

network_namespace::network_namespace()
    : outside_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
      usable_(::access("/dev/net/tun", R_OK | W_OK) == 0 && ::unshare(CLONE_NEWNET) == 0 && ip("link set lo up")) {}

network_namespace::~network_namespace() {
  ::setns(outside_, CLONE_NEWNET);
  ::close(outside_);
}

uplink::uplink(const executor& where, std::string name, const std::string& address)
    : name_(std::move(name)), device_(where, open_device(name_)) {
  add_address(address);
  require_ip("link set " + name_ + " up");
  receive();
}

void uplink::add_address(const std::string& address) { require_ip("addr add " + address + " dev " + name_); }

void uplink::add_default_route(int metric) {
  require_ip("route add default dev " + name_ + " metric " + std::to_string(metric));
}

void uplink::receive() {
  device_.async_read_some(asio::buffer(packet_), [this](error_code error, std::size_t size) {
    if (error) return;
    take(size);
    receive();
  });
}

// Only UDP over IPv4: the kernel sends other things of its own accord.
void uplink::take(std::size_t size) {
  const std::size_t header = 4U * (packet_[0] & 15U);
  if (size < header + 8 || packet_[0] >> 4 != 4 || packet_[9] != IPPROTO_UDP) return;
  if ((packet_[header + 2] << 8 | packet_[header + 3]) != name_server_port) return;
  asio::ip::address_v4::bytes_type source;
  std::copy_n(packet_.begin() + 12, source.size(), source.begin());
  askers_.push_back(asio::ip::address_v4(source).to_string());
}

}  // namespace mtcp::test
