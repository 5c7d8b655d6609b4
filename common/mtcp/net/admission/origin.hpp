// Where a connection comes from, as one who counts connections sees it: a host, within the groups of addresses that one
// party may hold. Pure.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>

namespace mtcp {

/// A host is an IPv4 address, or an IPv6 /64, the least that one is given (RFC 6177). IPv6 hosts are within a /56 and a
/// /48, which providers and tunnel brokers give to one customer; IPv4 ones within a /24, the least that is routed.
struct origin {
  static constexpr std::size_t levels = 3;

  /// An IPv4-mapped address counts as the IPv4 address.
  static origin of(const boost::asio::ip::address& from);

  std::uint64_t host() const noexcept { return groups.back(); }
  bool operator==(const origin&) const = default;

  std::array<std::uint64_t, levels> groups{};  ///< prefixes, the widest first, the host last
};

}  // namespace mtcp
