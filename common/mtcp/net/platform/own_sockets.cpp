#include "mtcp/net/platform/own_sockets.hpp"

#include <sys/socket.h>

#include <charconv>
#include <filesystem>
#include <string>

#include "mtcp/net/platform/plain_address.hpp"

namespace mtcp::platform {
namespace {

int number_of(const std::filesystem::path& entry) {
  const std::string name = entry.filename().string();
  int number = -1;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

bool is_at(int descriptor, int type, const ip_address& address, std::uint16_t port) {
  udp::endpoint local;
  auto size = static_cast<socklen_t>(local.capacity());
  if (::getsockname(descriptor, local.data(), &size) != 0) return false;
  const int family = local.data()->sa_family;
  if (family != AF_INET && family != AF_INET6) return false;
  local.resize(size);
  if (local.port() != port || !(local.address().is_unspecified() || plain(local.address()) == plain(address)))
    return false;
  int its_type = 0;
  size = sizeof its_type;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &its_type, &size) == 0 && its_type == type;
}

bool any_at(int type, const ip_address& address, std::uint16_t port) {
  std::error_code error;
  std::filesystem::directory_iterator all("/proc/self/fd", error);
  for (; !error && all != std::filesystem::directory_iterator(); all.increment(error))
    if (is_at(number_of(all->path()), type, address, port)) return true;
  return false;
}

}  // namespace

bool has_socket_at(const tcp::endpoint& local) { return any_at(SOCK_STREAM, local.address(), local.port()); }

bool has_socket_at(const udp::endpoint& local) { return any_at(SOCK_DGRAM, local.address(), local.port()); }

}  // namespace mtcp::platform
