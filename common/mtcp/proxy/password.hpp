// User name and password for SOCKS5 (RFC 1929), as a server reads and writes them. Pure: no I/O.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "mtcp/proxy/decoded.hpp"

namespace mtcp::proxy {

/// Any byte may be in them, NUL too.
struct credentials {
  std::string name;
  std::string password;
};

enum class malformed_login { version };

/// Largest login, in bytes.
inline constexpr std::size_t max_login_size = 1 + 1 + 255 + 1 + 255;

/// Version 1, then name and password, each behind its length byte. The RFC wants 1 byte or more; empty ones are
/// accepted by the decoder, and belong to nobody.
decoded<credentials, malformed_login> decode_login(std::span<const std::byte> bytes);

/// The answer; after a refusal the connection is closed.
std::array<std::byte, 2> encode_login_answer(bool accepted) noexcept;

}  // namespace mtcp::proxy
