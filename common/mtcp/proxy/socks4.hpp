// SOCKS4 and SOCKS4a as a server reads and writes them. There is no RFC: the sources are "SOCKS: A protocol for TCP
// proxy across firewalls" (Ying-Da Lee) and its extension 4A, by which the proxy resolves names. Pure: no I/O.
//
// The dialogue: request -> reply; then the application's bytes.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "mtcp/proxy/decoded.hpp"
#include "mtcp/types.hpp"

namespace mtcp::proxy {

/// The answer's second byte. There are no finer reasons.
enum class reply4 : std::uint8_t { granted = 0x5a, rejected = 0x5b };

struct request4 {
  bool is_connect = true;  ///< else BIND, or something unknown
  core::target to;
};

/// A user id is of no use to us, but it has to be read to its end.
inline constexpr std::size_t max_user_id_size = 512;
/// Largest request, in bytes: a buffer of this size always holds a complete one.
inline constexpr std::size_t max_request4_size = 8 + max_user_id_size + 1 + 255 + 1;

/// Version, command, port, address, user id, NUL; and with an address 0.0.0.x (x not 0) a name and NUL behind them.
/// An error is the reply to send before closing. It is given as soon as it is certain.
decoded<request4, reply4> decode_request4(std::span<const std::byte> bytes);

/// 8 bytes. `bound` is sent if it is an IPv4 address: there is no place for another.
std::array<std::byte, 8> encode_reply4(reply4 code, const core::target& bound = {}) noexcept;

}  // namespace mtcp::proxy
