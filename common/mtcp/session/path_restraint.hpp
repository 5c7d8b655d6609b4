// Why a path carries less than it might: what it has come to itself, else what its bridges have in common. Pure.
#pragma once

#include <span>

#include "mtcp/restraint.hpp"
#include "mtcp/session/path.hpp"

namespace mtcp {

/// `bridges` are the restraints of those of its bridges that are up.
restraint restraint_of(const path& one, std::span<const restraint> bridges, core::timestamp now);

}  // namespace mtcp
