// How much a path may carry, and what it is for when that is used up.
#pragma once

#include <string>

#include "mtcp/bridge_options.hpp"
#include "program/quota.hpp"

namespace mtcp::client {

/// Of packets.
struct path_quota : program::quota {
  core::path_role then = core::path_role::never;  ///< once it is used up, until the next period

  friend bool operator==(const path_quota&, const path_quota&) = default;
};

/// What the path is for once its quota is used up: "never" or "backup". Throws std::invalid_argument, saying what was
/// expected.
core::path_role parse_quota_then(const std::string& text);

}  // namespace mtcp::client
