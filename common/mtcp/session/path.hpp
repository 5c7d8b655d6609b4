// A path as the client's policy keeps it: how many bridges it should have, is dialling, and when to dial again. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "mtcp/core/engine.hpp"
#include "mtcp/session/backoff.hpp"
#include "mtcp/session/bridge_tuner.hpp"
#include "mtcp/session/rotation.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp {

struct path_settings {
  std::string name{};
  unsigned bridges = 4;       ///< TCP connections to keep up, at least 1
  bool tune_bridges = false;  ///< `bridges` is where to start
  core::bridge_options use{};
  bool rotate = false;  ///< replaces bridges that fade (rotation.hpp), unless the path rests or is limited
};

struct path {
  static constexpr std::chrono::milliseconds replacement_pace{200};

  path(const path_settings& s, const backoff& pauses) : settings(s), retry(pauses) {
    if (s.tune_bridges) tuner.emplace(s.bridges);
    if (s.rotate && !s.use.backup && s.use.rate_limit == 0) watch.emplace(pauses.seed());
  }

  /// How many bridges it should have.
  std::size_t wanted() const { return tuner ? tuner->wanted() : settings.bridges; }

  /// When to dial one more, if any. `healthy` are its bridges that are not suspect, `up` all of them. Suspects are
  /// replaced at once as long as there are no more of them than there should be bridges; further ones give way to their
  /// replacements (see crowded), and those come one by one: perhaps they fall silent as well.
  std::optional<core::timestamp> next_dial(std::size_t healthy, std::size_t up) const {
    if (healthy + dialling >= wanted()) return std::nullopt;
    if (up + dialling < 2 * wanted()) return retry.not_before();
    return std::max<core::timestamp>(retry.not_before(), last_dial + replacement_pace);
  }
  /// No room for one more, even if half of them are suspects: one of those has to go.
  bool crowded(std::size_t up) const { return up >= 2 * wanted(); }

  /// The part of the path's rate limit that each of so many bridges has.
  std::uint64_t rate_share(std::size_t bridges) const {
    const std::uint64_t limit = settings.use.rate_limit;
    return limit == 0 ? 0 : std::max<std::uint64_t>(limit / bridges, 1);
  }
  /// For the trace.
  std::string where() const { return "on " + settings.name; }
  path_snapshot describe(std::size_t up) const {
    return {settings.name, wanted(), up, lost, last_error, settings.use, {}};
  }

  path_settings settings;
  backoff retry;
  std::optional<bridge_tuner> tuner;
  std::optional<rotation> watch;
  std::size_t dialling = 0;
  core::timestamp last_dial{0};
  bool foreign = false;    ///< another server process answers here than on the paths that work
  std::uint64_t lost = 0;  ///< bridges that were up and ended
  std::string last_error;
};

}  // namespace mtcp
