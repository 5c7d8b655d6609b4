// What the holders of one key may have of a server, over all of its threads. Plain values.
#pragma once

#include <cstddef>
#include <map>

#include "mtcp/key.hpp"

namespace mtcp {

/// 0 stands for what is granted to everybody.
struct key_quota {
  std::size_t sessions = 0;  ///< at once
  std::size_t memory = 0;    ///< bytes held for their streams
  std::size_t bridges = 0;   ///< at once, of all sessions
};
using key_quotas = std::map<key_id, key_quota>;

}  // namespace mtcp
