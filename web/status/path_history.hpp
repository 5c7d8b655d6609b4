// What each path did in the last hour, day and month: rates, round trips, what was in flight and what was sent again.
//
// Pure: samples and times come in. Memory is bounded: 79 KiB a path, for 32 paths and for all others together.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "status/step_ring.hpp"

namespace mtcp::status {

/// The words of /api/history?span=, in the order of `path_past`.
struct history_span {
  std::string_view name;
  unsigned step;      ///< seconds
  std::size_t steps;  ///< that are kept
};
inline constexpr std::array<history_span, 3> history_spans{{{"1h", 10, 360}, {"24h", 60, 1440}, {"30d", 3600, 720}}};

/// The index of a span of that name.
std::optional<std::size_t> span_called(std::string_view name);

/// One path's.
class path_past {
 public:
  path_past();

  void add(const path_sample& sample, double until, double seconds);
  void merge(const path_past& other);
  /// Of a step as it was before the program ended.
  void restore(std::size_t span, std::int64_t step, const path_step& was) { rings_[span].restore(step, was); }
  void was_seen(double at) noexcept { seen_ = at; }
  const step_ring& of(std::size_t span) const { return rings_[span]; }
  double seen() const noexcept { return seen_; }  ///< when there was a sample last

 private:
  std::array<step_ring, history_spans.size()> rings_;
  double seen_ = 0;
};

class path_history {
 public:
  static constexpr std::size_t most_paths = 32;
  /// More time between two looks was spent elsewhere: in a stopped process, or a machine that stood still.
  static constexpr double longest_look = 15;

  explicit path_history(std::size_t most = most_paths) : most_(most) {}

  /// Paths by name, in the `seconds` until then (unix time). A name that is not among them has a gap.
  void add(const std::map<std::string, path_sample>& samples, double until, double seconds);

  /// What a path did before the program ended, `until` then.
  void restore(const std::string& name, bool others, path_past past, double until);

  double until() const noexcept { return until_; }
  const std::map<std::string, path_past>& paths() const noexcept { return paths_; }
  /// Those that are not kept one by one; null if there were none.
  const path_past* others() const noexcept { return others_ ? &*others_ : nullptr; }

 private:
  path_past* place_for(const std::string& name, double until);

  std::size_t most_;
  double until_ = 0;
  std::map<std::string, path_past> paths_;
  std::optional<path_past> others_;
};

}  // namespace mtcp::status
