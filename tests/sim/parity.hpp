// A download through a tunnel beside as many plain TCP connections over the same lines, with the same congestion
// control, loss and jitter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/goodput.hpp"

namespace mtcp::sim {

/// Bridges that are alike, each on a line of its own.
struct cell {
  std::string name{};
  congestion::control control = congestion::control::cubic;
  double rate = 1e6;  ///< bytes per second, of each connection
  duration round_trip = std::chrono::milliseconds(40);
  double loss = 0;     ///< each way
  duration jitter{0};  ///< each way
  unsigned bridges = 4;
  duration queue = std::chrono::milliseconds(50);
  duration lasts = std::chrono::seconds(20);
};

/// Stream bytes per second, without the start.
struct comparison {
  double tunnel = 0;
  double plain = 0;
  duration longest_pause{0};
  double retransmitted_share = 0;
  double ratio() const { return tunnel / plain; }
};

plan plan_of(const cell& c, std::uint64_t seed);
comparison compare(const cell& c, std::uint64_t seed);

/// Of many seeds: the tunnel's sum over the plain connections', and the tenth and ninetieth percentile of single runs.
struct parity {
  double total = 0;
  double low = 0, median = 0, high = 0;
  double tunnel = 0, plain = 0;  ///< bytes per second, mean
  duration longest_pause{0};
  double retransmitted_share = 0;
};
parity over_seeds(const cell& c, std::size_t seeds, std::uint64_t first = 1);

}  // namespace mtcp::sim
