// Which destinations a server dials for its clients: the guard against server-side request forgery.
//
// Public addresses are allowed by default, everything else is denied (the IANA special-purpose registries, RFC 6890).
// An operator's own rules come before these defaults; among them the block with the longest prefix decides, and a deny
// wins over an allow of the same block. So `allow 0.0.0.0/0` opens every IPv4 address, loopback too, while
// `deny 0.0.0.0/0` with `allow 203.0.113.0/24` leaves only that block.
//
// An IPv6 address that carries an IPv4 one must be allowed in both forms. The server's own listeners are always denied.
#pragma once

#include <vector>

#include "mtcp/net/address.hpp"

namespace mtcp {

class rules {
 public:
  rules();

  void allow(const network& block) { own_.push_back({block, true}); }
  void deny(const network& block) { own_.push_back({block, false}); }
  /// An endpoint on which this server listens; the unspecified address stands for every address of this machine.
  void add_listener(const tcp::endpoint& listener) { listeners_.push_back(listener); }

  /// Ask for the very address that is dialled next, never for a name.
  bool permits(const tcp::endpoint& destination) const;

 private:
  struct rule {
    network block;
    bool allow;
  };
  static const rule* most_specific(const std::vector<rule>& from, const ip_address& address);
  bool permits_address(const ip_address& address) const;
  bool is_own_listener(const tcp::endpoint& destination) const;

  std::vector<rule> defaults_;
  std::vector<rule> own_;
  std::vector<tcp::endpoint> listeners_;
};

}  // namespace mtcp
