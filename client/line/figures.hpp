// What `mtcp-client test` has measured. Plain values; rates in bytes per second, times in seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/snapshot.hpp"

namespace mtcp::client::line {

/// A connection became much slower while it was measured, or silent.
struct fade {
  double before = 0, after = 0;
  double bytes = 0, seconds = 0;  ///< what had gone through until then, and when
};

/// One direction.
struct flow {
  double rate = 0;                 ///< once it was up to speed
  double spread = 0;               ///< between bridges of a path: standard deviation of their rates by the mean
  std::optional<double> loaded{};  ///< the round trip meanwhile (median); empty if nothing came back
  std::optional<fade> faded{};     ///< of single connections only
};

/// One tunnel.
struct figures {
  unsigned bridges = 0;            ///< of each path, as wanted
  std::size_t wanted = 0, up = 0;  ///< bridges in all
  std::string missing{};           ///< what the last of those that did not come up said
  std::optional<double> round_trip{};
  std::optional<flow> download{}, upload{};  ///< empty if a path does not carry that
  std::vector<path_findings> found{};        ///< of its paths
  std::vector<std::string> unmeasured{};     ///< "download: no answer within 11 s"
  std::uint64_t bytes = 0;                   ///< that went through, both ways

  bool complete() const { return up >= wanted; }
  /// Both directions together: which of two ways is the better one.
  double score() const { return (download ? download->rate : 0) + (upload ? upload->rate : 0); }
};

struct path_figures {
  std::string name{};
  core::path_role role = core::path_role::active;
  std::string error{};              ///< why there are no figures
  std::optional<figures> single{};  ///< one bridge: what a plain connection would do
  std::optional<figures> alone{};   ///< with as many bridges as were found to be enough
};

/// Everything.
struct report {
  double seconds = 0;  ///< for each measurement, about
  std::vector<path_figures> paths{};
  std::size_t tried = 0;             ///< the path on which numbers of bridges were tried
  std::vector<figures> counts{};     ///< on that path: 1, 2, 4, ... bridges
  std::vector<std::size_t> order{};  ///< active paths, the best one first
  std::vector<figures> together{};   ///< the first two of these, the first three, ... all
  /// What could not be measured, and why: "4 bridges: no answer within 11 s".
  std::vector<std::string> unmeasured{};
  std::uint64_t bytes = 0;
};

}  // namespace mtcp::client::line
