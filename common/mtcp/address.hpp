// Addresses as people write them, address blocks, and the IPv4 addresses that hide in IPv6 ones.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mtcp/async.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

using ip_address = asio::ip::address;

/// An IPv4 or IPv6 literal, with or without brackets. Empty for a name, a zone ("%eth0") or a shortened IPv4 address.
std::optional<ip_address> parse_address(std::string_view text);

/// "HOST:PORT", with brackets around an IPv6 host. An empty host is allowed and left empty: it means every address of
/// this machine. Empty for anything else.
std::optional<core::target> parse_host_port(std::string_view text);

/// The inverse: "HOST:PORT", with brackets around an IPv6 host.
std::string to_string(const core::target& to);
core::target to_target(const tcp::endpoint& endpoint);

/// An IPv4-mapped address (RFC 4291, section 2.5.5.2) as the IPv4 address that the kernel takes it for; any other as
/// is.
ip_address unmapped(const ip_address& address);

/// The IPv4 address that packets to `address` may end up at: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380),
/// ISATAP (RFC 5214), IPv4-compatible, -mapped and -translated ones. Empty when there is none.
std::optional<asio::ip::address_v4> embedded_ipv4(const asio::ip::address_v6& address);

/// A block of addresses: RFC 4632 notation, "10.0.0.0/8". An address alone is a block of one.
class network {
 public:
  /// Bits behind the prefix must be 0, so that a typing error is not taken for something else. A block of IPv4-mapped
  /// addresses becomes the IPv4 block. Empty when `text` is none.
  static std::optional<network> parse(std::string_view text);
  /// The block that holds `inside`, with the first `prefix` bits of it.
  static network around(const ip_address& inside, unsigned prefix);

  /// `address` must be unmapped().
  bool contains(const ip_address& address) const;
  const ip_address& base() const noexcept { return base_; }
  unsigned prefix_length() const noexcept { return prefix_; }
  std::string to_string() const;

 private:
  network(ip_address base, unsigned prefix) : base_(std::move(base)), prefix_(prefix) {}

  ip_address base_;
  unsigned prefix_ = 0;
};

}  // namespace mtcp
