// From which ports of its address an application sends UDP, and to which of them answers go. A program may have several
// sockets for one association, or open a new one: RFC 1928 (section 7) has only the address checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "mtcp/types.hpp"

namespace mtcp::client {

class udp_sources {
 public:
  /// `declared` is the one port that counts, if it is not 0. If it is, and `first_only`, the first that sends is.
  udp_sources(std::uint16_t declared, bool first_only)
      : last_(declared), fixed_(declared != 0), first_only_(first_only) {}

  bool admits(std::uint16_t port) const noexcept { return !fixed_ || port == last_; }

  /// One that is admitted has sent something to `to`.
  void sent(std::uint16_t port, const core::target& to) {
    fixed_ = fixed_ || first_only_;
    last_ = port;
    if (fixed_) return;
    if (by_peer_.size() >= max_peers) by_peer_.clear();  // the last one is right nearly always
    by_peer_[{to.host, to.port}] = port;
  }

  /// Where to send what comes from `peer`: to the port that has sent there; else to the one that has sent last, since
  /// peers may have been asked by name. 0 if nobody has sent anything.
  std::uint16_t port_for(const core::target& peer) const {
    const auto found = by_peer_.find({peer.host, peer.port});
    return found == by_peer_.end() ? last_ : found->second;
  }

 private:
  static constexpr std::size_t max_peers = 256;

  std::uint16_t last_;
  bool fixed_;
  bool first_only_;
  std::map<std::pair<std::string, std::uint16_t>, std::uint16_t> by_peer_;
};

}  // namespace mtcp::client
