// A path as the client's policy keeps it: how many bridges it should have, is dialling, and when to dial again. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "mtcp/core/engine.hpp"
#include "mtcp/rotation_options.hpp"
#include "mtcp/session/backoff.hpp"
#include "mtcp/session/bridge_tuner.hpp"
#include "mtcp/session/dial_pace.hpp"
#include "mtcp/session/mtu_watch.hpp"
#include "mtcp/session/rotation.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp {

struct path_settings {
  std::string name{};
  unsigned bridges = 4;       ///< TCP connections to keep up, at least 1
  bool tune_bridges = false;  ///< `bridges` is where to start
  core::bridge_options use{};
  rotation_options rotate{};
  core::duration pace{0};  ///< between dials; 0 for what the path is found to need (dial_pace.hpp)
};

struct path {
  static constexpr std::chrono::milliseconds replacement_pace{200};
  static constexpr std::chrono::seconds second_try{2};

  path(const path_settings& s, const backoff& pauses) : settings(s), retry(pauses), pace(s.pace, pauses.seed()) {
    begin(s, pauses);
  }

  /// It has come, perhaps again: what was learnt of the network may be of another one. Its counters go on.
  void begin(const path_settings& s, const backoff& pauses) {
    settings = s;
    retry = pauses;
    pace = dial_pace(s.pace, pauses.seed());
    tuner.reset();
    watch.reset();
    mtu = {};
    foreign = false;
    gone_since.reset();
    last_error.clear();
    if (s.tune_bridges && in_use()) tuner.emplace(s.bridges);
    if (rotates(s)) watch.emplace(s.rotate, pauses.seed());
  }
  /// It is no way to the server any more, and has no bridge once those that it had are closed.
  void end(core::timestamp now) {
    gone_since = now;
    tuner.reset();
  }
  bool gone() const { return gone_since.has_value(); }
  /// It is there, and may have bridges.
  bool in_use() const { return !gone() && settings.use.role != core::path_role::never; }
  /// The user wants it to be used otherwise from now on.
  void use_as(core::path_role role, std::uint64_t rate_limit, const backoff& pauses) {
    settings.use.role = role;
    settings.use.rate_limit = rate_limit;
    retry.reset();
    if (role == core::path_role::never) tuner.reset();
    if (in_use() && settings.tune_bridges && !tuner) tuner.emplace(settings.bridges);
    if (!watch && rotates(settings)) watch.emplace(settings.rotate, pauses.seed());
  }

  /// A path that costs money, or carries little by order, is left alone unless the user has said when.
  static bool rotates(const path_settings& s) {
    const bool spared = s.use.role != core::path_role::active || s.use.rate_limit != 0;
    return s.rotate.when == rotation_options::mode::planned ||
           (s.rotate.when == rotation_options::mode::learnt && !spared);
  }

  /// How many bridges it should have.
  std::size_t wanted() const {
    if (!in_use()) return 0;
    return tuner ? tuner->wanted() : settings.bridges;
  }

  /// Its bridges: all connections, those that are to stay, and of these the ones that are not suspect.
  struct bridge_counts {
    std::size_t all, up, healthy;
  };
  /// When to dial one more, if any. Suspects are replaced at once, at the path's pace, as long as there are no more of
  /// them than there should be bridges; further ones give way to their replacements (see crowded), and those come one
  /// by one: perhaps they fall silent as well. After an outage one dial goes ahead, and further ones beside it come
  /// seconds apart.
  std::optional<core::timestamp> next_dial(const bridge_counts& bridges) const {
    const auto [all, up, healthy] = bridges;
    if (healthy + dialling >= wanted()) return std::nullopt;
    core::timestamp allowed = std::max(retry.not_before(), pace.not_before(all + dialling));
    if (up == 0 && dialling > 0 && retry.failing())
      allowed = std::max<core::timestamp>(allowed, last_dial + second_try);
    if (up + dialling < 2 * wanted()) return allowed;
    return std::max<core::timestamp>(allowed, last_dial + replacement_pace);
  }
  /// No room for one more, even if half of them are suspects: one of those has to go.
  bool crowded(std::size_t up) const { return up >= 2 * wanted(); }

  /// The time between dials where bridges last for moments only: each of those that are wanted is dialled, and lasts.
  std::optional<core::duration> renewal() const {
    const auto life = watch ? watch->expected_life() : std::nullopt;
    if (!life) return std::nullopt;
    return (*life + watch->dial_time()) / static_cast<int>(wanted());
  }

  /// The part of the path's rate limit that each of so many bridges has.
  std::uint64_t rate_share(std::size_t bridges) const {
    const std::uint64_t limit = settings.use.rate_limit;
    return limit == 0 ? 0 : std::max<std::uint64_t>(limit / bridges, 1);
  }
  /// A bridge has given way to a fresh one.
  void count_replacement(std::string why) {
    ++replaced;
    last_replacement = std::move(why);
  }
  /// For the trace.
  std::string where() const { return "on " + settings.name; }
  path_snapshot describe(std::size_t number, std::size_t up, core::timestamp now) const {
    return {.name = settings.name,
            .number = number,
            .bridges_wanted = wanted(),
            .bridges_up = up,
            .reconnects = lost,
            .last_error = last_error,
            .use = settings.use,
            .replaced = replaced,
            .last_replacement = last_replacement,
            .found = findings(now),
            .bytes_up = bytes_up,
            .bytes_down = bytes_down};
  }
  path_findings findings(core::timestamp now) const {
    path_findings all;
    all.dial_pause = pace.found();
    all.dials_held = std::max(pace.blocked_until(), now) - now;
    all.only_small_packets = mtu.only_small();
    if (!watch) return all;
    all.fades_after_bytes = watch->found().bytes.value_or(0);
    all.lives = watch->found().age.value_or(core::duration(0));
    all.freezes_after_bytes_up = watch->freezes().found().up;
    all.freezes_after_bytes_down = watch->freezes().found().down;
    return all;
  }

  path_settings settings;
  backoff retry;
  dial_pace pace;
  std::optional<bridge_tuner> tuner;
  std::optional<rotation> watch;
  mtu_watch mtu;
  std::size_t dialling = 0;
  std::size_t with_budget = 0;  ///< bridges that may carry only so much
  core::timestamp last_dial{0};
  std::optional<core::timestamp> gone_since;
  core::timestamp unwanted_since{0};  ///< it has had no role
  bool foreign = false;               ///< another server process answers here than on the paths that work
  std::uint64_t on_wire = 0;          ///< bytes of packets that bridges which have ended had, both ways together
  std::uint64_t bytes_up = 0;         ///< of frames, on bridges that have ended
  std::uint64_t bytes_down = 0;
  std::uint64_t lost = 0;        ///< bridges that were up and ended
  std::uint64_t replaced = 0;    ///< bridges that gave way to fresh ones
  std::string last_replacement;  ///< why the last one did
  std::string last_error;
};

}  // namespace mtcp
