// The local port speaks several protocols; the first byte of a connection tells which.
#pragma once

#include <cstddef>

namespace mtcp::socks {

enum class protocol {
  socks5,   ///< RFC 1928
  unknown,  ///< nothing of ours: close without an answer
};

/// The protocol of a connection that begins with `first`. One byte is enough, and no more may be waited for: some
/// clients send the version alone and then pause.
constexpr protocol protocol_of(std::byte first) noexcept {
  return first == std::byte{5} ? protocol::socks5 : protocol::unknown;
}

}  // namespace mtcp::socks
