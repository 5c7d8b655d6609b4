// What follows from the figures: whether mtcp helps, with how many bridges, over which paths, and what the network
// seems to do. Pure.
//
// Single figures differ by a tenth from one time to the next on a quiet line, and by more on a busy one. So what counts
// as a gain exceeds what chance makes of two figures that are the same; the constants are in verdict.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "figures.hpp"

namespace mtcp::client::line {

enum class network : std::uint8_t {
  shared_line,     ///< one connection fills it
  per_connection,  ///< each connection is held to a rate of its own
  uneven,          ///< each connection is slow by itself, some more than others: a long or lossy way
};

/// One direction, by the number of bridges.
struct direction {
  network seems = network::shared_line;
  double single = 0, best = 0;  ///< rates
  double reached = 0;           ///< the rate with `enough` bridges
  unsigned enough = 1;          ///< the least number that carries about as much as the best
  bool rising = false;          ///< the largest number that was tried was still worth it
  double gain() const { return single > 0 ? reached / single : 1; }
};

/// How many bridges the figures ask for, the first of which has one; empty if there is none to compare.
std::optional<direction> judge_direction(const std::vector<figures>& counts, std::optional<flow> figures::*which);
/// Whether to try more bridges than the last of these: not if two steps in a row brought nothing, or not all came up.
bool worth_trying_more(const std::vector<figures>& counts);

struct verdict {
  std::optional<direction> download, upload;
  std::optional<std::size_t> cap;  ///< no more connections than that came up
  unsigned bridges = 1;            ///< to each server
  bool automatic = false;          ///< more may be better: let the client find out
  /// By path: whether it is worth having beside the better ones. A backup is not judged.
  std::vector<bool> worth;
  std::optional<fade> faded;  ///< the first that was seen
  path_findings found;        ///< what any tunnel has found out
  bool more_bridges_help = false;
  bool more_paths_help = false;
  bool helps() const { return more_bridges_help || more_paths_help || faded.has_value(); }
};

/// The number of bridges that verdict::bridges would be: known before paths are compared.
unsigned enough_bridges(const std::vector<figures>& counts);
verdict judge(const report& all);

}  // namespace mtcp::client::line
