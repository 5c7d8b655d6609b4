// What a bridge is for, and what the kernel knows of its connection.
#pragma once

#include <cstdint>

#include "mtcp/core/types.hpp"

namespace mtcp::core {

/// What a bridge is for; both ends hold the same values (client to server is `up`).
struct bridge_options {
  enum class direction : std::uint8_t { both, up, down };
  bool backup = false;                  ///< carries data only while no active bridge is up
  direction carries = direction::both;  ///< of DATA, not control, while another bridge is there for the rest
  std::uint64_t rate_limit = 0;         ///< bytes per second in each direction, 0 for none
};

/// What the kernel knows of a bridge's TCP connection (TCP_INFO); any field may be 0 for unknown.
struct path_info {
  duration srtt{0};
  std::uint64_t congestion_window = 0;  ///< bytes
  bool recovering = false;              ///< tcpi_ca_state is Recovery or Loss
  std::uint64_t acknowledged = 0;       ///< bytes of the connection so far, by the peer's TCP
  /// TCP keeps its window down for a moment, to see the round trip without queues (BBR): what it carries meanwhile says
  /// nothing of the path.
  bool probing = false;
};

}  // namespace mtcp::core
