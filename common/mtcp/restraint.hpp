// Why a bridge, or a path, carries less than it might. Of stream bytes each end knows what keeps it from sending them;
// what keeps the peer from sending is in the peer's statistics.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mtcp/bridge_options.hpp"

namespace mtcp {

/// In this order, where several apply to the bridges of a path: the first is what keeps it from carrying the least.
enum class restraint : std::uint8_t {
  none,          ///< nothing, or there is nothing to carry
  later,         ///< others would deliver sooner
  rate_limit,    ///< of its path
  overflow,      ///< its path helps when the active ones are full, and they are not
  backup,        ///< its path stands in for the active ones, and these do well
  rests,         ///< server: its client has put it aside
  surplus,       ///< its path has as many as it needs without it
  retired,       ///< it has faded or is old, and is closed once nothing is under way on it
  disabled,      ///< by the user
  budget,        ///< it has carried all that the network lets a connection carry
  suspect,       ///< it makes no progress while others do
  dialling,      ///< no bridge has come up yet
  dials_fail,    ///< none does, and the path pauses between dials
  dials_paused,  ///< nobody answers them: they are not repeated for a while
  foreign,       ///< another server process answers there
  never,         ///< its path is not to be used
  quota,         ///< its path has none left
  gone,          ///< its path is no way to the server any more
};
inline constexpr std::size_t restraints = 18;

/// The words for it, the same wherever people or programs read them; empty for none.
constexpr const char* text_of(restraint why) noexcept {
  // In the order of the enumerators.
  constexpr const char* texts[restraints] = {"",
                                             "waits: would deliver later than others",
                                             "rate limit",
                                             "overflow: not needed",
                                             "backup: not needed",
                                             "rests: its client has others",
                                             "rests: the path needs fewer bridges",
                                             "retired: closes once nothing is under way",
                                             "disabled by the user",
                                             "has carried as much as it may",
                                             "suspect: no progress while others make some",
                                             "dialling",
                                             "dials fail",
                                             "dials paused: nobody answers",
                                             "another server process answers here",
                                             "never to be used",
                                             "quota used up",
                                             "no way to the server any more"};
  return texts[static_cast<std::size_t>(why)];
}

/// Why a bridge of that role carries nothing while it is not needed.
constexpr restraint restraint_by(core::path_role role) noexcept {
  switch (role) {
    case core::path_role::backup:
      return restraint::backup;
    case core::path_role::overflow:
      return restraint::overflow;
    case core::path_role::never:
      return restraint::rests;
    default:
      return restraint::none;
  }
}

}  // namespace mtcp
