// Connecting to whichever of several addresses answers first (RFC 8305, "Happy Eyeballs").
#pragma once

#include <chrono>
#include <vector>

#include "mtcp/net/address.hpp"

namespace mtcp {

/// The order in which to try: families take turns, beginning with that of the first address (section 4). Within a
/// family the order stays.
std::vector<ip_address> interleave(const std::vector<ip_address>& addresses);

/// Connects to `endpoints` in their order. The next attempt starts when the last one failed, or after `stagger` (250 ms
/// in section 5). The first connection wins, and the other attempts are given up.
///
/// Errors: timed_out at `deadline`; else the most telling of what the attempts met: a refusal says more than an
/// unreachable host, which says more than an unreachable network. Of no endpoints: host_not_found.
task<result<tcp::socket>> connect_first(std::vector<tcp::endpoint> endpoints, std::chrono::milliseconds stagger,
                                        std::chrono::steady_clock::time_point deadline);

}  // namespace mtcp
