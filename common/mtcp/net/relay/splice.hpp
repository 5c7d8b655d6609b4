// Joins two TCP connections, so that each peer meets the other's: bytes, ends of file and resets arrive as what they
// were, and in their order. Where one peer closes without having read everything the other gets its last bytes, its end
// of file and then the reset.
//
// Memory: 64 KiB of each direction that does not move, none of one that does.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "mtcp/async.hpp"

namespace mtcp {

/// `far` gets `said` before anything else of `near`. Returns when both directions are over, and both sockets closed; at
/// once when somebody else closes them. Once `far` has ended, `near` may be silent for `patience`: then both are closed
/// without a word, since a peer that has closed cannot be told from one that still listens. Both are connected, and
/// outlive it.
task<> splice(tcp::socket& near, tcp::socket& far, std::vector<std::byte> said, std::chrono::milliseconds patience);

}  // namespace mtcp
