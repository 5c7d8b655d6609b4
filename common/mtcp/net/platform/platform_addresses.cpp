// The addresses of the interfaces: getifaddrs(), which Linux and the BSDs have.
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "mtcp/net/platform/platform.hpp"

namespace mtcp::platform {
namespace {

using list_owner = std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)>;
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

address_v4 four_of(const sockaddr* four) {
  return address_v4(ntohl(reinterpret_cast<const sockaddr_in*>(four)->sin_addr.s_addr));
}

/// All bits of a mask are in front.
unsigned length_of(const sockaddr* mask, bool is_v6) {
  if (!is_v6) return static_cast<unsigned>(std::popcount(four_of(mask).to_uint()));
  unsigned length = 0;
  for (const unsigned char byte : bytes_of(mask)) length += static_cast<unsigned>(std::popcount(byte));
  return length;
}

/// A null pointer if the system does not tell.
list_owner all_interfaces(bool& told) {
  ifaddrs* list = nullptr;
  told = ::getifaddrs(&list) == 0;
  return {told ? list : nullptr, ::freeifaddrs};
}

}  // namespace

std::optional<std::vector<asio::ip::address>> interface_addresses() {
  bool told = false;
  const list_owner all = all_interfaces(told);
  if (!told) return std::nullopt;
  std::vector<asio::ip::address> found;
  for (const ifaddrs* i = all.get(); i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr) continue;
    if (i->ifa_addr->sa_family == AF_INET) found.push_back(four_of(i->ifa_addr));
    if (i->ifa_addr->sa_family != AF_INET6) continue;
    found.push_back(address_v6(bytes_of(i->ifa_addr)));
    if (i->ifa_netmask != nullptr) found.push_back(subnet_anycast(i->ifa_addr, i->ifa_netmask));
  }
  return found;
}

std::optional<std::vector<network>> interface_blocks() {
  bool told = false;
  const list_owner all = all_interfaces(told);
  if (!told) return std::nullopt;
  std::vector<network> found;
  for (const ifaddrs* i = all.get(); i != nullptr; i = i->ifa_next) {
    const bool is_used = (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_LOOPBACK) == 0;
    if (!is_used || i->ifa_addr == nullptr || i->ifa_netmask == nullptr) continue;
    const bool is_v6 = i->ifa_addr->sa_family == AF_INET6;
    if (!is_v6 && i->ifa_addr->sa_family != AF_INET) continue;
    const unsigned length = length_of(i->ifa_netmask, is_v6);
    if (length == 0) continue;  // that is no link, but the whole Internet
    if (is_v6) found.push_back(network::around(address_v6(bytes_of(i->ifa_addr)), length));
    if (!is_v6) found.push_back(network::around(four_of(i->ifa_addr), length));
  }
  return found;
}

}  // namespace mtcp::platform
