#include "mtcp/net/dial/link_servers.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "mtcp/net/platform/file_opening.hpp"
#include "mtcp/net/platform/platform.hpp"

namespace mtcp::detail {
namespace {

constexpr std::size_t max_bytes = 64 * 1024;
constexpr int first_with_zones = 0x011800;  // 1.24.0

bool knows_zones() {
  int version = 0;
  ares_version(&version);
  return version >= first_with_zones;
}

std::vector<zoned_address> servers_in(const std::string& resolv_conf) {
  std::istringstream file(platform::text_of_file(resolv_conf, max_bytes).value_or(""));
  std::vector<zoned_address> all;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string keyword, address;
    if (!(words >> keyword >> address) || keyword != "nameserver") continue;
    if (auto server = zoned_address::parse(address)) all.push_back(std::move(*server));
  }
  return all;
}

ares_addr_port_node node_of(const ip_address& address, int port) {
  ares_addr_port_node node{};
  node.family = address.is_v6() ? AF_INET6 : AF_INET;
  node.udp_port = node.tcp_port = port;
  if (address.is_v6()) {
    std::ranges::copy(address.to_v6().to_bytes(), reinterpret_cast<unsigned char*>(&node.addr.addr6));
  } else {
    std::ranges::copy(address.to_v4().to_bytes(), reinterpret_cast<unsigned char*>(&node.addr.addr4));
  }
  return node;
}

std::uint16_t port_of(const sockaddr* address) {
  if (address->sa_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
}

ares_socket_t open_socket(int family, int type, int protocol, void*) {
  return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

int close_socket(ares_socket_t fd, void*) { return ::close(fd); }

ares_ssize_t receive(ares_socket_t fd, void* into, size_t size, int flags, sockaddr* from, ares_socklen_t* from_size,
                     void*) {
  return ::recvfrom(fd, into, size, flags, from, from_size);
}

ares_ssize_t send(ares_socket_t fd, const iovec* parts, int count, void*) { return ::writev(fd, parts, count); }

}  // namespace

std::unique_ptr<link_servers> link_servers::read(const std::string& resolv_conf, std::uint16_t port) {
  if (knows_zones()) return nullptr;
  auto all = servers_in(resolv_conf);
  const auto has_zone = [](const zoned_address& server) { return !server.zone().empty(); };
  if (std::ranges::none_of(all, has_zone)) return nullptr;
  return std::unique_ptr<link_servers>(new link_servers(std::move(all), port));
}

int link_servers::install(ares_channel channel) {
  std::vector<ares_addr_port_node> nodes;
  for (const zoned_address& server : all_)
    nodes.push_back(node_of(server.without_zone(), static_cast<int>(nodes.size()) + 1));
  for (std::size_t i = 1; i < nodes.size(); ++i) nodes[i - 1].next = &nodes[i];
  ares_set_socket_functions(channel, functions(), this);
  return ares_set_servers_ports(channel, nodes.data());
}

const ares_socket_functions* link_servers::functions() {
  static const ares_socket_functions all{open_socket, close_socket,
                                         [](ares_socket_t fd, const sockaddr* to, ares_socklen_t, void* self) {
                                           return static_cast<const link_servers*>(self)->connect(fd, to);
                                         },
                                         receive, send};
  return &all;
}

int link_servers::connect(int socket, const sockaddr* to) const {
  const std::size_t place = port_of(to);
  const auto here = place - 1 < all_.size() ? all_[place - 1].here() : error_code(asio::error::invalid_argument);
  if (!here || !choose_way(socket, here->is_v6())) {
    errno = ENODEV;
    return -1;
  }
  const udp::endpoint server(*here, port_);
  return ::connect(socket, server.data(), static_cast<socklen_t>(server.size()));
}

bool link_servers::choose_way(int socket, bool ipv6) const {
  // A way that cannot be had is left to the kernel, as c-ares does.
  if (!way_.interface.empty()) platform::bind_to_interface(socket, way_.interface);
  if (!way_.local || way_.local->is_v6() != ipv6) return true;
  const udp::endpoint local(*way_.local, 0);
  return ::bind(socket, local.data(), static_cast<socklen_t>(local.size())) == 0;
}

}  // namespace mtcp::detail
