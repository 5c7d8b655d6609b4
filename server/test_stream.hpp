// The far end of `mtcp-client test`: a stream that leads to no destination, but to a source of bytes, a sink or an echo
// of the server's own.
#pragma once

#include <chrono>
#include <cstdint>

#include "mtcp/acceptor.hpp"
#include "mtcp/relay.hpp"
#include "program/test_target.hpp"

namespace mtcp::server {

/// A stream is reset at the first of them.
struct test_limits {
  std::chrono::milliseconds time = std::chrono::minutes(1);
  std::uint64_t bytes = std::uint64_t{1} << 36;  ///< 64 GiB, both ways together
  std::chrono::milliseconds count_pace{50};      ///< between two numbers of the sink
  relay_pace* count = nullptr;                   ///< is told what crosses, but holds nothing up; may be null
};

/// Serves `request` to its end. Nothing is copied or made per byte, and it holds no more than a relay does: what the
/// stream's windows let it.
task<> serve_test(incoming request, program::test_service what, test_limits limits = {});

}  // namespace mtcp::server
