// What the kernel knows of a bridge's connection.
#pragma once

#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

/// What the kernel knows of a bridge's TCP connection (TCP_INFO); any field may be 0 for unknown.
struct tcp_info {
  duration srtt{0};
  std::uint64_t congestion_window = 0;  ///< bytes
  bool recovering = false;              ///< tcpi_ca_state is Recovery or Loss
  std::uint64_t acknowledged = 0;       ///< bytes of the connection so far, by the peer's TCP
  std::uint64_t received = 0;           ///< the same, by our TCP
  std::uint64_t sent = 0;               ///< bytes that our TCP has sent, each as often as it was
  std::uint64_t resent = 0;             ///< of these, those that were sent again
  std::uint64_t packets = 0;            ///< both ways together, acknowledgements too
  /// TCP keeps its window down for a moment, to see the round trip without queues (BBR): what it carries meanwhile says
  /// nothing of the path.
  bool probing = false;
};

}  // namespace mtcp::core
