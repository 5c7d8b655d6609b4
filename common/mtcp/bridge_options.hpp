// What a bridge is for.
#pragma once

#include <cstdint>

namespace mtcp::core {

/// What a bridge is for; both ends hold the same values (client to server is `up`).
struct bridge_options {
  enum class direction : std::uint8_t { both, up, down };
  bool backup = false;                  ///< carries data only while no active bridge is up
  direction carries = direction::both;  ///< of DATA, not control, while another bridge is there for the rest
  std::uint64_t rate_limit = 0;         ///< bytes per second in each direction, 0 for none
};

}  // namespace mtcp::core
