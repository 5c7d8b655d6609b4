// Who may have a UDP association, where nobody asks for one: whoever sends, from any address and port that he likes to
// write into a packet. Pure.
//
// One address can have only so many; beyond that it replaces its own, the longest unused first. When there are no
// places left, those that have few come before those that have many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "mtcp/address.hpp"

namespace mtcp::client {

class udp_places {
 public:
  struct limits {
    std::size_t all = 1'000;  ///< a server allows 1,024 of one key
    std::size_t per_address = 250;
  };
  struct verdict {
    bool admitted = false;
    std::optional<udp::endpoint> gives_way{};  ///< has lost its place to the one that was admitted
  };

  explicit udp_places(const limits& most) : most_(most) {}

  /// `source` has no place and wants one.
  verdict enter(const udp::endpoint& source);
  /// `source` has sent something again.
  void used(const udp::endpoint& source);
  void leave(const udp::endpoint& source);
  std::size_t size() const noexcept { return size_; }

 private:
  using ports = std::map<std::uint16_t, std::uint64_t>;  // and when each was used last

  std::optional<udp::endpoint> who_gives_way(const ip_address& newcomer) const;

  limits most_;
  std::map<ip_address, ports> holders_;
  std::size_t size_ = 0;
  std::uint64_t uses_ = 0;  // so far: a clock that needs no time
};

}  // namespace mtcp::client
