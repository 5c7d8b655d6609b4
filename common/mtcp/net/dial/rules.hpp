// Which destinations a server dials for its clients: the guard against server-side request forgery.
//
// Public addresses are allowed by default, everything else is denied (the IANA special-purpose registries, RFC 6890).
// An operator's own rules come before these defaults; among them the block with the longest prefix decides, and a deny
// wins over an allow of the same block. So `allow 0.0.0.0/0` opens every IPv4 address, loopback too, while
// `deny 0.0.0.0/0` with `allow 203.0.113.0/24` leaves only that block.
//
// The server's own addresses are denied on every port, public or not: only an allow of exactly that address opens one,
// and no wider block. Loopback is no exception to the rules above: any allow that holds it opens it.
//
// An IPv6 address that carries an IPv4 one must be allowed in both forms. The server's own listeners are always denied.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/own_addresses.hpp"

namespace mtcp {

class rules {
 public:
  /// The addresses of this machine are those of its interfaces.
  rules() : rules(std::make_shared<const own_addresses>()) {}
  explicit rules(std::shared_ptr<const own_addresses> machine);

  void allow(const network& block) { given_.push_back({block, true}); }
  void deny(const network& block) { given_.push_back({block, false}); }
  /// One more address of the server, which `machine` cannot know: where addresses are translated, as in clouds and
  /// containers.
  void add_own(const ip_address& address) { more_own_.push_back(unmapped(address)); }
  void set_machine(std::shared_ptr<const own_addresses> machine) { machine_ = std::move(machine); }
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
  bool is_own(const ip_address& address) const;
  bool is_own_listener(const tcp::endpoint& destination) const;

  std::vector<rule> defaults_;
  std::vector<rule> given_;  // by the operator
  std::vector<ip_address> more_own_;
  std::vector<tcp::endpoint> listeners_;
  std::shared_ptr<const own_addresses> machine_;
};

}  // namespace mtcp
