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
// A block may be given with ports: then it decides only about these, and comes before blocks without ports. Ports may
// be denied everywhere; only a block with ports opens them.
//
// An IPv6 address that carries an IPv4 one must be allowed in both forms. The server's own listeners are always denied.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/core/base/prefix_map.hpp"
#include "mtcp/net/platform/own_addresses.hpp"

namespace mtcp {

class rules {
 public:
  /// The addresses of this machine are those of its interfaces.
  rules() : rules(std::make_shared<const own_addresses>()) {}
  explicit rules(std::shared_ptr<const own_addresses> machine);

  void allow(const network& block) { add(given_, block, true); }
  void deny(const network& block) { add(given_, block, false); }
  struct port_range {
    std::uint16_t first = 0, last = 65'535;
    bool contains(std::uint16_t port) const noexcept { return first <= port && port <= last; }
    bool operator==(const port_range&) const = default;
  };
  void allow(const network& block, port_range ports) { ported_.push_back({block, ports, true}); }
  void deny(const network& block, port_range ports) { ported_.push_back({block, ports, false}); }
  void deny_port(std::uint16_t port) { denied_ports_.push_back(port); }
  /// One more address of the server, which `machine` cannot know: where addresses are translated, as in clouds and
  /// containers.
  void add_own(const ip_address& address) { more_own_.push_back(unmapped(address)); }
  void set_machine(std::shared_ptr<const own_addresses> machine) { machine_ = std::move(machine); }
  /// An endpoint on which this server listens; the unspecified address stands for every address of this machine.
  void add_listener(const tcp::endpoint& listener) { listeners_.push_back(listener); }

  /// Ask for the very address that is dialled next, never for a name.
  bool permits(const tcp::endpoint& destination) const;
  bool is_own_listener(const tcp::endpoint& destination) const;

 private:
  using rule_map = core::prefix_map<char>;  // 1: allowed
  static void add(rule_map& to, const network& block, bool allow);
  struct ported_rule {
    network block;
    port_range ports;
    bool allow;
  };
  const ported_rule* ported_rule_for(const ip_address& address, std::uint16_t port) const;
  bool permits_address(const ip_address& address, std::uint16_t port) const;
  bool is_own(const ip_address& address) const;

  rule_map defaults_;
  rule_map given_;  // by the operator
  std::vector<ported_rule> ported_;
  std::vector<std::uint16_t> denied_ports_;
  std::vector<ip_address> more_own_;
  std::vector<tcp::endpoint> listeners_;
  std::shared_ptr<const own_addresses> machine_;
};

}  // namespace mtcp
