// The local port speaks several protocols; the first byte of a connection tells which.
#pragma once

#include <cstddef>

namespace mtcp::proxy {

enum class protocol {
  socks5,   ///< RFC 1928
  socks4,   ///< and 4a
  http,     ///< a proxy's (RFC 9110, section 7): methods are written in capitals, behind empty lines maybe
  unknown,  ///< nothing of ours: close without an answer
};

/// The protocol of a connection that begins with `first`. One byte is enough, and no more may be waited for: some
/// clients send the version alone and then pause.
constexpr protocol protocol_of(std::byte first) noexcept {
  if (first == std::byte{5}) return protocol::socks5;
  if (first == std::byte{4}) return protocol::socks4;
  if (first == std::byte{'\r'} || first == std::byte{'\n'}) return protocol::http;
  return first >= std::byte{'A'} && first <= std::byte{'Z'} ? protocol::http : protocol::unknown;
}

}  // namespace mtcp::proxy
