// What a bridge is for.
#pragma once

#include <cstddef>
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

/// When a path, and a bridge of it, carries data.
enum class path_role : std::uint8_t {
  active,
  backup,    ///< only while no active bridge is usable
  overflow,  ///< the same, and beside the active ones while these are full
  never,     ///< of a path: it is not dialled. Of a bridge: it rests, and is used like a backup until it is closed
};
inline constexpr std::size_t path_roles = 4;

/// The words of the option --path.
constexpr const char* name_of(path_role role) noexcept {
  constexpr const char* names[path_roles] = {"active", "backup", "overflow",
                                             "never"};  // in the order of the enumerators
  return names[static_cast<std::size_t>(role)];
}

/// What a bridge is for; both ends hold the same values (client to server is `up`), but for the number of its path.
struct bridge_options {
  enum class direction : std::uint8_t { both, up, down };
  path_role role = path_role::active;
  direction carries = direction::both;  ///< of DATA, not control, while another bridge is there for the rest
  std::uint64_t rate_limit = 0;         ///< bytes per second in each direction, 0 for none
  bool metered = false;                 ///< what it carries costs, as far as this end knows: it gets no copies
  bridge_budget budget{};               ///< as it was when the bridge came up
  /// Bridges with the same number share what befalls the network on their way, as far as this end knows. As it was
  /// when the bridge came up.
  std::uint64_t path = 0;
  /// The peer knows all roles; else it is told of those that are not active as backups. As it was when the bridge came
  /// up.
  bool roles_agreed = false;
};

}  // namespace mtcp::core
