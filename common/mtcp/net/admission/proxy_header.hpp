// How a load balancer says whose connection it passes on: the PROXY protocol, version 2 (HAProxy, proxy-protocol.txt,
// section 2.2). Pure.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <optional>
#include <span>

namespace mtcp {

/// Every header begins with as many bytes, which tell its whole size.
inline constexpr std::size_t proxy_header_start = 16;
/// Larger ones are refused: addresses take 36 bytes, and the extensions that are in use a few hundred.
inline constexpr std::size_t max_proxy_header = 2'048;

/// The size of the whole header; empty if `start` begins none.
std::optional<std::size_t> proxy_header_size(std::span<const std::byte, proxy_header_start> start);

/// Whose connection it is, and at which address it came in. Both are unspecified if it is the balancer's own, or comes
/// from something that is no IP address.
struct proxied {
  boost::asio::ip::address source{};
  boost::asio::ip::address destination{};
};

/// What a whole header tells. Empty if it is malformed.
std::optional<proxied> read_proxy_header(std::span<const std::byte> header);

}  // namespace mtcp
