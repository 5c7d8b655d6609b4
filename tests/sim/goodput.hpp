// How fast a download is, compared with what the bridges could carry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/plan.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {

/// A bridge: bytes per second, round trip, and how long its bottleneck's queue may become.
struct bridge_line {
  double rate;
  duration round_trip;
  duration queue = std::chrono::milliseconds(100);
};

std::vector<path_plan> paths_of(const std::vector<bridge_line>& bridges);
/// `count` bridges that share one line: its rate, its round trip, its queue.
std::vector<path_plan> shared_line(const bridge_line& line, std::size_t count);
plan download_plan(const char* name, const std::vector<bridge_line>& bridges, std::uint64_t size);

/// Stream bytes per second that bridges of that rate in all can carry: the rest is TLS records and frame headers.
double ideal(double rate);

/// Bytes that the client has read of its stream number `index`.
std::uint64_t downloaded(const tunnel& run, std::size_t index = 0);

/// Of its first stream, in bytes per second; the run goes on until `to`.
double rate_between(tunnel& run, timestamp from, timestamp to);

struct measurement {
  double rate = 0;  ///< stream bytes per second
  duration longest_pause{0};
  double retransmitted_share = 0;  ///< share of stream bytes sent more than once
  std::size_t suspected = 0;       ///< bridges that were found to make no progress
};

/// A download that never ends, from `from` (slow start is over) to `to`.
measurement measure(const plan& p, timestamp from, timestamp to);

/// Bytes per second, record overhead taken off, that plain TCP connections over the same bridges carry from `from` to
/// `to`, each filled whenever it may: what the network itself lets through.
double plain_tcp(const std::vector<path_plan>& paths, timestamp from, timestamp to, const tcp_flow::options& tcp = {},
                 std::uint64_t seed = 1);

/// Seconds until the last byte of a download, from its request.
double completion(const plan& p);

/// Seconds for `size` bytes when they are split ideally: each bridge starts after its own set-up and round trip, at
/// full rate at once.
double ideal_completion(const std::vector<bridge_line>& bridges, double size);

}  // namespace mtcp::sim
