// Sends UDP in the name of other machines: what comes back through a tunnel has to come from where it was asked. Each
// such address takes a socket of its own, since the port is theirs too; so many of them are kept, the last used ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/net/platform/own_addresses.hpp"

namespace mtcp {

class answer_sockets {
 public:
  static constexpr std::size_t usual_most = 256;

  /// `mark` (platform::set_mark) is that of all its sockets; 0 for none.
  explicit answer_sockets(const executor& where, std::uint32_t mark = 0, std::size_t most = usual_most)
      : executor_(where), mark_(mark), most_(most) {}

  /// Sends now or drops. `from` must be another machine's, for a port of this one may be some program's:
  /// address_in_use. operation_not_permitted where platform::allow_foreign_addresses() says so.
  error_code send(std::span<const std::byte> datagram, const udp::endpoint& from, const udp::endpoint& to);
  /// Whether it can speak for a port below 1024, as name servers have, which takes CAP_NET_BIND_SERVICE too.
  error_code try_low_port(bool ipv6) const;
  std::size_t size() const noexcept { return sockets_.size(); }

 private:
  using entry = std::pair<udp::endpoint, udp::socket>;

  error_code open(udp::socket& socket, const udp::endpoint& from) const;
  udp::socket* socket_of(const udp::endpoint& from, error_code& error);

  executor executor_;
  std::uint32_t mark_;
  std::size_t most_;
  own_addresses here_;
  std::list<entry> sockets_;  // the last used first
  std::map<udp::endpoint, std::list<entry>::iterator> by_address_;
};

}  // namespace mtcp
