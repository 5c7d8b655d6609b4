// What a resuming end says of a bridge that is gone: HELLO, WELCOME and BRIDGE_CLOSED carry it.
#pragma once

#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

/// How many bytes of complete frames this end has taken from a bridge that is gone.
struct bridge_count {
  bridge_id bridge = 0;
  std::uint64_t count = 0;
};

}  // namespace mtcp::core
