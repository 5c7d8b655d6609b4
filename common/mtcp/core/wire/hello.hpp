// HELLO and WELCOME, the first frame in each direction of a bridge (common/PROTOCOL.md): create a session, join one, or
// resume one. A pure codec; the caller computes and checks the MAC.
//
// In every version of the protocol the first field of the body is the version and its last 32 bytes are the MAC, so
// that both ends can always authenticate the other and tell it that the versions differ.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/core/wire/bridge_count.hpp"
#include "mtcp/core/wire/extension.hpp"
#include "mtcp/limits.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// The versions of the protocol differ in keys and TLS; what is on a bridge is the same.
inline constexpr std::uint64_t first_version = 1, last_version = 2;
constexpr bool is_known_version(std::uint64_t version) { return version >= first_version && version <= last_version; }

inline constexpr std::size_t mac_size = 32;
/// Most counts that a HELLO or WELCOME may list: bridges lost and not yet settled.
inline constexpr std::size_t max_bridge_counts = 1024;
/// Most bytes per second that a path's rate limit may be.
inline constexpr std::uint64_t max_rate_limit = std::uint64_t{1} << 40;

using session_id = std::array<std::byte, 16>;   ///< random, from the server; zeros stand for none
using instance_id = std::array<std::byte, 16>;  ///< random per server process; zeros stand for unknown
using join_secret = std::array<std::byte, 32>;  ///< random, known to the two ends of a session only

struct hello {
  std::uint64_t version = first_version;
  session_id session{};    ///< zeros: create one
  join_secret secret{};    ///< of that session; zeros on create
  instance_id instance{};  ///< the server that is expected
  bridge_id bridge = 0;
  bridge_options options;
  peer_limits limits;
  std::vector<bridge_count> counts;  ///< when resuming: bridges lost and not yet settled
  extension_list extensions;         ///< what the client offers
};

enum class welcome_status : std::uint8_t {
  ok = 0,
  unknown_session = 1,   ///< or the join secret or the key is not that of the session
  foreign_instance = 2,  ///< the session is, or was, another server process's
  limit = 3,             ///< too many sessions or bridges
  version = 4,           ///< the server speaks the versions up to that in this WELCOME
  refused = 5,           ///< anything else
};

struct welcome {
  std::uint64_t version = first_version;
  welcome_status status = welcome_status::ok;
  instance_id instance{};
  session_id session{};
  join_secret secret{};  ///< on create; else zeros
  peer_limits limits;
  std::vector<bridge_count> counts;
  extension_list extensions;  ///< those of the HELLO that the server accepts
};

/// The whole frame, header included; its last mac_size bytes are zero and for the caller to fill in. `counts` must be
/// within their maximum and every integer at most max_varint.
std::vector<std::byte> encode(const hello& message);
std::vector<std::byte> encode(const welcome& message);

/// `body` is what follows the frame header, MAC included. Empty when a field is missing, out of its range, or followed
/// by something unexpected. Of a version that is not known only the version is read. Nothing is allocated before its
/// size is known to be within bounds.
std::optional<hello> decode_hello(std::span<const std::byte> body);
std::optional<welcome> decode_welcome(std::span<const std::byte> body);

}  // namespace mtcp::core
