// Counters of a tunnel, its bridges and its streams. Bytes since the start; rates are for the caller to derive.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

struct tunnel_stats {
  std::uint64_t payload_sent = 0;         ///< stream bytes handed to bridges for the first time
  std::uint64_t payload_received = 0;     ///< new stream bytes taken from bridges
  std::uint64_t retransmitted_bytes = 0;  ///< stream bytes sent again: lost bridges and reinjection
  std::uint64_t payload_duplicate = 0;    ///< stream bytes received more than once
  std::uint64_t hedged_frames = 0;        ///< small messages that were sent on a second path at once
  std::uint64_t hedged_bytes = 0;         ///< stream bytes in these
  std::uint64_t streams_total = 0;
  std::size_t streams_active = 0;
  std::size_t reorder_bytes = 0;    ///< received, but behind a hole
  std::size_t receive_memory = 0;   ///< memory held by received, unread bytes
  std::size_t receive_granted = 0;  ///< credit granted and not yet read
  std::size_t send_memory = 0;      ///< memory held by written, unacknowledged bytes
};

struct bridge_stats {
  std::uint64_t bytes_sent = 0;  ///< bytes of frames, without TLS
  std::uint64_t bytes_received = 0;
  std::uint64_t retransmitted_bytes = 0;  ///< stream bytes that were sent again because this bridge was late or lost
  std::uint64_t in_flight = 0;            ///< sent and not acknowledged by the peer's engine
  std::uint64_t cap = 0;                  ///< most that the engine lets be in flight
  std::uint64_t delivery_rate = 0;        ///< bytes per second, 0 while unknown
  duration rtt{0};                        ///< last sample
  duration rtt_min{0};
  double budget_used = 0;    ///< 0 to 1: the greater part of both directions' budgets; 0 without one
  bool budget_over = false;  ///< one of them has no room for stream bytes any more
  bool suspect = false;
  timestamp suspect_since{0};  ///< if it is
};

/// Bytes of frames, without TLS.
struct carried_bytes {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

struct stream_stats {
  std::uint64_t bytes_sent = 0;      ///< taken by write()
  std::uint64_t bytes_received = 0;  ///< handed out by read()
};

}  // namespace mtcp::core
