// Where the streams of `mtcp-client test` lead: to the server itself, which sends bytes, drops them or sends them back
// (common/PROTOCOL.md, section 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/types.hpp"

namespace mtcp::program {

/// No name of the DNS has an empty label, so nobody can own this one; a server that does not know of it looks it up,
/// and finds nothing.
inline constexpr const char* test_host = "mtcp..test";

/// The ports are those of the old services of this kind (RFC 862 to 864), which web pages cannot ask for: browsers
/// block them.
enum class test_service : std::uint16_t {
  echo = 7,    ///< sends back what it reads
  sink = 9,    ///< reads, and tells how much it has read: the sum so far, 8 bytes, most significant first
  source = 19  ///< sends until it is stopped
};

inline core::target target_of(test_service what) { return {test_host, static_cast<std::uint16_t>(what)}; }
inline bool is_test(const core::target& to) { return to.host == test_host; }
/// Empty for a port at which there is none.
inline std::optional<test_service> service_at(std::uint16_t port) {
  for (const auto known : {test_service::echo, test_service::sink, test_service::source})
    if (static_cast<std::uint16_t>(known) == port) return known;
  return {};
}

/// Of one number of the sink.
inline constexpr std::size_t count_size = 8;

}  // namespace mtcp::program
