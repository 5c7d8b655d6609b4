#include "mtcp/net/dial/rules.hpp"

#include <algorithm>
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

}  // namespace

rules::rules(std::shared_ptr<const own_addresses> machine) : machine_(std::move(machine)) {
  for (const auto text : denied) defaults_.push_back({network::parse(text).value(), false});
  for (const auto text : allowed) defaults_.push_back({network::parse(text).value(), true});
}

const rules::rule* rules::most_specific(const std::vector<rule>& from, const ip_address& address) {
  const rule* best = nullptr;
  for (const rule& r : from) {
    if (!r.block.contains(address)) continue;
    const bool longer = best == nullptr || r.block.prefix_length() > best->block.prefix_length();
    const bool stricter = best != nullptr && r.block.prefix_length() == best->block.prefix_length() && !r.allow;
    if (longer || stricter) best = &r;
  }
  return best;
}

bool rules::is_own(const ip_address& address) const {
  return machine_->contains(address) || std::ranges::find(more_own_, address) != more_own_.end();
}

bool rules::permits_address(const ip_address& address) const {
  const rule* decisive = most_specific(given_, address);
  const bool named = decisive != nullptr && decisive->block.prefix_length() == (address.is_v4() ? 32 : 128);
  const bool has_its_own_block = address.is_loopback() || address.is_unspecified();
  if (!named && !has_its_own_block && is_own(address)) return false;
  if (decisive == nullptr) decisive = most_specific(defaults_, address);
  return decisive != nullptr && decisive->allow;
}

bool rules::is_own_listener(const tcp::endpoint& destination) const {
  const ip_address address = unmapped(destination.address());
  return std::ranges::any_of(listeners_, [&](const tcp::endpoint& listener) {
    if (listener.port() != destination.port()) return false;
    return listener.address().is_unspecified() ? is_own(address) : unmapped(listener.address()) == address;
  });
}

bool rules::permits(const tcp::endpoint& destination) const {
  const ip_address address = unmapped(destination.address());
  if (!permits_address(address) || is_own_listener(destination)) return false;
  if (!address.is_v6()) return true;
  const auto inside = embedded_ipv4(address.to_v6());
  return !inside || (permits_address(*inside) && !is_own_listener({*inside, destination.port()}));
}

}  // namespace mtcp
