#include "mtcp/net/platform/transparent.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/last_error.hpp"

namespace mtcp::platform {
namespace {

template <class Value>
[[maybe_unused]] error_code set(int descriptor, int level, int name, Value value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof value) == 0 ? error_code() : last_error();
}

template <class Endpoint>
[[maybe_unused]] Endpoint endpoint_of(const void* address, std::size_t size) {
  Endpoint out;
  size = std::min(size, out.capacity());
  std::memcpy(out.data(), address, size);
  out.resize(size);
  return out;
}

#ifdef __linux__

constexpr int original_dst = 80;  // <linux/netfilter_ipv4.h> and ip6_tables.h, which <netinet/in.h> does not go with

/// Where a datagram was sent, as the kernel tells beside it.
udp::endpoint destination_of(msghdr& message) {
  for (cmsghdr* told = CMSG_FIRSTHDR(&message); told != nullptr; told = CMSG_NXTHDR(&message, told)) {
    if (told->cmsg_level == IPPROTO_IP && told->cmsg_type == IP_ORIGDSTADDR)
      return endpoint_of<udp::endpoint>(CMSG_DATA(told), sizeof(sockaddr_in));
    if (told->cmsg_level == IPPROTO_IPV6 && told->cmsg_type == IPV6_ORIGDSTADDR)
      return endpoint_of<udp::endpoint>(CMSG_DATA(told), sizeof(sockaddr_in6));
  }
  return {};
}

#endif

}  // namespace

#ifdef __linux__

error_code allow_foreign_addresses(int descriptor, bool ipv6) {
  return ipv6 ? set(descriptor, IPPROTO_IPV6, IPV6_TRANSPARENT, 1) : set(descriptor, IPPROTO_IP, IP_TRANSPARENT, 1);
}

tcp::endpoint original_destination(tcp::socket& socket) {
  error_code gone;
  const tcp::endpoint local = socket.local_endpoint(gone);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int level = unmapped(local.address()).is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
  if (::getsockopt(socket.native_handle(), level, original_dst, &address, &size) != 0) return local;
  return endpoint_of<tcp::endpoint>(&address, size);
}

error_code tell_destinations(int descriptor, bool ipv6) {
  return ipv6 ? set(descriptor, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1)
              : set(descriptor, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
}

result<redirected_datagram> receive_redirected(int descriptor, std::span<std::byte> into) {
  sockaddr_storage from{};
  iovec space{into.data(), into.size()};
  alignas(cmsghdr) std::array<std::byte, 128> told;
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &space;
  message.msg_iovlen = 1;
  message.msg_control = told.data();
  message.msg_controllen = told.size();
  const ssize_t size = ::recvmsg(descriptor, &message, MSG_DONTWAIT);
  if (size < 0) return last_error();
  return redirected_datagram{static_cast<std::size_t>(size), endpoint_of<udp::endpoint>(&from, message.msg_namelen),
                             destination_of(message)};
}

error_code set_mark(int descriptor, std::uint32_t mark) { return set(descriptor, SOL_SOCKET, SO_MARK, mark); }

#else

error_code allow_foreign_addresses(int, bool) { return asio::error::operation_not_supported; }

tcp::endpoint original_destination(tcp::socket& socket) {
  error_code gone;
  return socket.local_endpoint(gone);
}

error_code tell_destinations(int, bool) { return asio::error::operation_not_supported; }

result<redirected_datagram> receive_redirected(int, std::span<std::byte>) {
  return error_code(asio::error::operation_not_supported);
}

error_code set_mark(int, std::uint32_t) { return asio::error::operation_not_supported; }

#endif

error_code can_mark(std::uint32_t mark) {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (descriptor < 0) return last_error();
  const error_code error = set_mark(descriptor, mark);
  ::close(descriptor);
  return error;
}

}  // namespace mtcp::platform
