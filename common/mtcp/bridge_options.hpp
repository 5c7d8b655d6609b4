// What a bridge is for.
#pragma once

#include <cstdint>

namespace mtcp::core {

/// Bytes that a bridge may carry in each direction before the network it takes would freeze it: of TLS records, behind
/// the greeting. 0 for any number.
struct bridge_budget {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  bool any() const noexcept { return up != 0 || down != 0; }
  friend bool operator==(const bridge_budget&, const bridge_budget&) = default;
};

/// What a bridge is for; both ends hold the same values (client to server is `up`).
struct bridge_options {
  enum class direction : std::uint8_t { both, up, down };
  bool backup = false;                  ///< carries data only while no active bridge is up
  direction carries = direction::both;  ///< of DATA, not control, while another bridge is there for the rest
  std::uint64_t rate_limit = 0;         ///< bytes per second in each direction, 0 for none
  bridge_budget budget{};               ///< as it was when the bridge came up
};

}  // namespace mtcp::core
