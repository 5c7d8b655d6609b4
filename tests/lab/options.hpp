// What mtcp-lines is told about a line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lab/packet.hpp"

namespace mtcp::lines {

using clock_type = std::chrono::steady_clock;
using time_point = clock_type::time_point;
using duration = std::chrono::nanoseconds;

/// Rates are bytes per second, and bytes those of IP packets; 0 is no limit, and never.
struct line_options {
  struct direction_options {
    double rate = 0;
    double common_rate = 0;           ///< behind it: of all connections together
    std::uint64_t fades_after = 0;    ///< bytes of a connection in this direction ...
    double faded_rate = 0;            ///< ... from which on it has this rate
    std::uint64_t freezes_after = 0;  ///< bytes of a connection behind which nothing comes through
  };
  /// What becomes of those that are up when one more than `connections` is dialled.
  enum class punishment : std::uint8_t { none, freeze, reset };

  std::string name{};
  direction_options up{}, down{};
  duration delay{0};            ///< one way
  std::size_t queue = 0;        ///< bytes that wait in front of each rate
  bool each = false;            ///< every connection has a rate of its own
  duration fades_at{0};         ///< age of a connection from which on it has the faded rates
  duration dies_at{0};          ///< age at which it vanishes without a word
  duration forgets_after{0};    ///< a NAT drops a connection that has been idle for so long
  duration syn_gap{0};          ///< a SYN that comes sooner than this after the one before ...
  duration block{0};            ///< ... blocks all SYNs for so long; SYNs during a block do not prolong it
  std::size_t connections = 0;  ///< at once; SYNs of more are dropped
  punishment punishes = punishment::none;
  duration silent_every{0};                  ///< in every such time the whole line is silent once, at random ...
  duration silent_least{0}, silent_most{0};  ///< ... for a time between these
  std::uint64_t seed = 1;

  const direction_options& of(direction d) const noexcept { return d == direction::up ? up : down; }
};

/// NAME,KEY=VALUE,...; throws std::invalid_argument that names the field.
line_options parse_line(const std::string& text);

}  // namespace mtcp::lines
