#include "redirection.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "mtcp/net/platform/own_sockets.hpp"

namespace mtcp::client {

redirection judge(const own_addresses& here, const ip_address& to, std::uint16_t port) {
  const ip_address address = unmapped(to);
  if (port == 0 || address.is_unspecified() || address.is_multicast()) return redirection::nowhere;
  return here.contains(address) ? redirection::to_this_machine : redirection::good;
}

bool redirection_guard::permits(const ip_address& to, std::uint16_t port) {
  const redirection found = judge(here_, to, port);
  if (found == redirection::to_this_machine && !std::exchange(told_of_this_machine_, true))
    spdlog::warn("transparent: refusing what is meant for this machine itself; rules should leave that out");
  return found == redirection::good;
}

template <class Endpoint>
bool redirection_guard::is_own_socket(const Endpoint& from) {
  if (!here_.contains(from.address()) || !platform::has_socket_at(from)) return false;
  if (!std::exchange(told_of_itself_, true))
    spdlog::warn(
        "transparent: refusing what this client itself has sent; rules have to leave that out, by --mark or by its "
        "user");
  return true;
}

template bool redirection_guard::is_own_socket(const tcp::endpoint&);
template bool redirection_guard::is_own_socket(const udp::endpoint&);

}  // namespace mtcp::client
