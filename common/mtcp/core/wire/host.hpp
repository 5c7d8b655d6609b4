// Which hosts OPEN and DATAGRAM may name: one test for both ends of a tunnel, and for what applications ask the client.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace mtcp::core {

/// What one length byte can say, in SOCKS5 too (RFC 1928, section 5). The DNS has shorter names: it refuses the rest.
inline constexpr std::size_t max_host_size = 255;

/// True for what may be a DNS name, or an IPv4 or IPv6 literal without brackets. Spaces and control characters are in
/// none, and would forge lines of a log; behind a NUL a name would not be the one that is looked up.
constexpr bool is_host(std::string_view text) {
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '[' || c == ']';
  };
  return !text.empty() && text.size() <= max_host_size && std::ranges::none_of(text, forbidden);
}

}  // namespace mtcp::core
