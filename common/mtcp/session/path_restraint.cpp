#include "mtcp/session/path_restraint.hpp"

#include <algorithm>

namespace mtcp {
namespace {

restraint without_bridges(const path& one, bool dials_are_paused) {
  if (one.foreign) return restraint::foreign;
  if (dials_are_paused) return restraint::dials_paused;
  return one.retry.failing() ? restraint::dials_fail : restraint::dialling;
}

}  // namespace

restraint restraint_of(const path& one, std::span<const restraint> bridges, core::timestamp now) {
  if (one.gone()) return restraint::gone;
  if (!one.in_use()) return restraint::never;
  const bool dials_are_paused = one.pace.blocked_until() > now;
  if (bridges.empty()) return without_bridges(one, dials_are_paused);
  const restraint least = std::ranges::min(bridges);
  const bool too_few = bridges.size() < one.wanted();
  return least == restraint::none && too_few && dials_are_paused ? restraint::dials_paused : least;
}

}  // namespace mtcp
