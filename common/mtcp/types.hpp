// The types that all parts of the engine share: identifiers, time, addresses, codes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mtcp::core {

/// Monotonic time since an origin that the caller chooses. The engine never reads a clock.
using timestamp = std::chrono::nanoseconds;
using duration = std::chrono::nanoseconds;

/// The first multiple of `step` after `now`: who may wait a little uses these, so that the machine wakes once for all.
constexpr timestamp next_multiple(timestamp now, duration step) { return now - now % step + step; }

/// Ids rise from 1; where the server opens streams too, its are even. 0 stands for the tunnel itself (in WINDOW).
using stream_id = std::uint64_t;

/// Bridges are numbered by the client from 1 and never reused in a session.
using bridge_id = std::uint64_t;

/// Where a stream wants to go. `host` is a name, or an IPv4 or IPv6 literal without brackets (1 to 255 bytes).
struct target {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const target&, const target&) = default;
};

/// The target of a UDP association: a stream that carries datagrams and no bytes.
inline bool is_association(const target& to) { return to.host.empty() && to.port == 0; }

/// Why a stream was not opened. The values below 16 are the reply codes of SOCKS5 (RFC 1928, section 6).
enum class refusal : std::uint8_t {
  general = 1,              ///< anything else
  policy = 2,               ///< the server's rules forbid this destination
  network_unreachable = 3,  ///< ENETUNREACH
  host_unreachable = 4,     ///< EHOSTUNREACH, the name does not resolve, or the dial timed out; EADDRNOTAVAIL
  connection_refused = 5,   ///< ECONNREFUSED; of a listener EADDRINUSE
  address_type = 8,         ///< the target's form is not supported
  quota = 16,               ///< the client's key has carried all that it may, for now
};

/// Why a direction of a stream was cut short: RESET and STOP carry it.
enum class reset_code : std::uint8_t {
  reset = 1,     ///< the application's own connection was reset, or it gave up
  shutdown = 2,  ///< the program at that end is going away
  refused = 3,   ///< the stream was refused after data had been sent
  quota = 4,     ///< the client's key has carried all that it may, for now
};

/// Which half of the tunnel an engine is.
enum class role : std::uint8_t { client, server };

/// What a peer did to have its bridge or tunnel ended.
enum class violation : std::uint8_t {
  none = 0,
  malformed_frame,   ///< a frame too long, too short, or with a field out of its range
  unexpected_frame,  ///< a frame that this role, or this state, may not receive
  window_overrun,    ///< more bytes than the credit granted for a stream or for the tunnel
  final_size,        ///< data behind a final offset, or a final offset that changed
  ack_of_unsent,     ///< an ACK for more bytes than were sent on that bridge
  stream_limit,      ///< more streams at once than were allowed
  flood,             ///< too many frames that cost work and carry nothing
};

}  // namespace mtcp::core
