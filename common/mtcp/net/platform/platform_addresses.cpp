// The addresses of the interfaces: getifaddrs(), which Linux and the BSDs have.
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "mtcp/net/platform/platform.hpp"

namespace mtcp::platform {
namespace {

using asio::ip::address_v4;
using asio::ip::address_v6;

address_v6::bytes_type bytes_of(const sockaddr* six) {
  address_v6::bytes_type bytes;
  std::ranges::copy(reinterpret_cast<const sockaddr_in6*>(six)->sin6_addr.s6_addr, bytes.begin());
  return bytes;
}

/// A machine that forwards also answers to the first address of each of its subnets (RFC 4291, section 2.6.1).
address_v6 subnet_anycast(const sockaddr* address, const sockaddr* mask) {
  auto bytes = bytes_of(address);
  const auto kept = bytes_of(mask);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] &= kept[i];
  return address_v6(bytes);
}

}  // namespace

std::optional<std::vector<asio::ip::address>> interface_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  std::vector<asio::ip::address> found;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr) continue;
    if (i->ifa_addr->sa_family == AF_INET)
      found.push_back(address_v4(ntohl(reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr.s_addr)));
    if (i->ifa_addr->sa_family != AF_INET6) continue;
    found.push_back(address_v6(bytes_of(i->ifa_addr)));
    if (i->ifa_netmask != nullptr) found.push_back(subnet_anycast(i->ifa_addr, i->ifa_netmask));
  }
  return found;
}

}  // namespace mtcp::platform
