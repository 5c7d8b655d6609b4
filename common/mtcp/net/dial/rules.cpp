#include "mtcp/net/dial/rules.hpp"
#include "mtcp/net/platform/plain_address.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace mtcp {
namespace {

/// The IANA registries of special-purpose addresses, and what is reserved. Of IPv6 only the global unicast block is in
/// use, so the rest is denied as a whole. The metadata services of clouds lie in these blocks (169.254.169.254 of most,
/// 100.100.100.200 of Alibaba, 192.0.0.192 of Oracle, fd00:ec2::254 of Amazon), but for Azure's, which is public.
constexpr std::string_view denied[] = {
    "0.0.0.0/8",        // "this network"; Linux takes 0.0.0.0 for loopback
    "10.0.0.0/8",       // private
    "100.64.0.0/10",    // carrier-grade NAT
    "127.0.0.0/8",      // loopback
    "169.254.0.0/16",   // link-local
    "168.63.129.16",    // metadata and agent of Azure
    "172.16.0.0/12",    // private
    "192.0.0.0/24",     // IETF protocol assignments
    "192.0.2.0/24",     // documentation
    "192.88.99.0/24",   // 6to4 relays, deprecated
    "192.168.0.0/16",   // private
    "198.18.0.0/15",    // benchmarks
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",   // documentation
    "224.0.0.0/4",      // multicast
    "240.0.0.0/4",      // reserved, broadcast
    "::/0",             // loopback, unique local, link-local, multicast, unassigned
    "2001::/23",        // IETF protocol assignments: Teredo, benchmarks, ORCHID
    "2001:db8::/32",    // documentation
    "3fff::/20",        // documentation
};

constexpr std::string_view allowed[] = {
    "0.0.0.0/0",
    "2000::/3",      // global unicast
    "64:ff9b::/96",  // NAT64: the IPv4 address inside decides
};

core::address_bits bits_of(const ip_address& address) {
  if (address.is_v6()) return core::address_bits::of(std::span<const unsigned char>(address.to_v6().to_bytes()));
  return core::address_bits::of(std::span<const unsigned char>(address.to_v4().to_bytes()));
}

}  // namespace

rules::rules(std::shared_ptr<const own_addresses> machine) : machine_(std::move(machine)) {
  for (const auto text : denied) add(defaults_, network::parse(text).value(), false);
  for (const auto text : allowed) add(defaults_, network::parse(text).value(), true);
}

void rules::add(rule_map& to, const network& block, bool allow) {
  const auto [rule, is_new] = to.insert(bits_of(block.base()), block.prefix_length());
  *rule = (is_new || *rule) && allow;
}

bool rules::is_own(const ip_address& address) const {
  return machine_->contains(address) || std::ranges::find(more_own_, address) != more_own_.end();
}

// The longest prefix, and of these one that denies; null if there is none.
const rules::ported_rule* rules::ported_rule_for(const ip_address& address, std::uint16_t port) const {
  const ported_rule* decisive = nullptr;
  for (const ported_rule& one : ported_) {
    if (!one.ports.contains(port) || !one.block.contains(address)) continue;
    const unsigned before = decisive == nullptr ? 0 : decisive->block.prefix_length();
    const unsigned here = one.block.prefix_length();
    if (decisive == nullptr || here > before || (here == before && !one.allow)) decisive = &one;
  }
  return decisive;
}

bool rules::permits_address(const ip_address& address, std::uint16_t port) const {
  const core::address_bits bits = bits_of(address);
  const ported_rule* const ported = ported_rule_for(address, port);
  if (ported == nullptr && std::ranges::find(denied_ports_, port) != denied_ports_.end()) return false;
  auto decisive = given_.find(bits);
  const bool exact = ported != nullptr ? ported->block.prefix_length() == bits.size : decisive.length == bits.size;
  const bool named = (ported != nullptr || decisive.value != nullptr) && exact;
  const bool has_its_own_block = address.is_loopback() || address.is_unspecified();
  if (!named && !has_its_own_block && is_own(address)) return false;
  if (ported != nullptr) return ported->allow;
  if (decisive.value == nullptr) decisive = defaults_.find(bits);
  return decisive.value != nullptr && *decisive.value;
}

bool rules::is_own_listener(const tcp::endpoint& destination) const {
  const ip_address address = plain(destination.address());
  return std::ranges::any_of(listeners_, [&](const tcp::endpoint& listener) {
    if (listener.port() != destination.port()) return false;
    if (address.is_unspecified()) return true;  // as a destination it is this machine
    return listener.address().is_unspecified() ? is_own(address) : plain(listener.address()) == address;
  });
}

bool rules::permits(const tcp::endpoint& destination) const {
  const ip_address address = plain(destination.address());
  if (!permits_address(address, destination.port()) || is_own_listener(destination)) return false;
  if (!address.is_v6()) return true;
  const auto inside = embedded_ipv4(address.to_v6());
  return !inside || (permits_address(*inside, destination.port()) && !is_own_listener({*inside, destination.port()}));
}

}  // namespace mtcp
