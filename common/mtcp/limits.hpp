// What one end allows and what it has told the other. All sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

/// Whether small messages go out on a second path at once, for the case that the first one fails them.
enum class hedging : std::uint8_t {
  learnt,  ///< for a while after a path has fallen silent or lost something
  off,     ///< never
  always,  ///< as far as the budget for copies goes
};

/// What this end allows itself and its peer.
struct limits {
  std::size_t receive_budget = 128 << 20;  ///< credit granted and not yet read, over all streams
  std::size_t send_budget = 128 << 20;     ///< written and not yet acknowledged, over all streams
  std::size_t window_start = 1 << 20;      ///< first credit of a stream, while under half of the budget is granted
  std::size_t window_small = 64 << 10;     ///< first credit of a stream after that
  std::size_t window_max = 64 << 20;       ///< most credit of one stream
  std::size_t early_limit = 8 << 10;  ///< bytes that a stream may carry before it is answered; also its least credit
  std::size_t max_streams = 16384;    ///< streams at once
  hedging hedge = hedging::learnt;    ///< of what this end sends
};

/// The part of it that a peer must know, carried by HELLO and WELCOME.
struct peer_limits {
  std::uint64_t tunnel_credit = 0;  ///< first credit of the tunnel as a whole
  std::uint64_t early_limit = 0;
  std::uint64_t max_streams = 0;
};

/// The tunnel's credit covers the budget and the least credit of every stream, so that streams whose readers are stuck
/// can never use up what the others need.
inline std::uint64_t tunnel_window(const limits& l) { return l.receive_budget + l.max_streams * l.early_limit; }

inline peer_limits announced(const limits& l) { return {tunnel_window(l), l.early_limit, l.max_streams}; }

}  // namespace mtcp::core
