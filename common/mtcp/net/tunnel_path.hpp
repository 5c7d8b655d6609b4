// A path as the client keeps it: how many bridges it should have, has, and is dialling, and when to dial again. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/net/address.hpp"
#include "mtcp/net/bridge_tuner.hpp"
#include "mtcp/net/options.hpp"
#include "mtcp/net/snapshot.hpp"

namespace mtcp {

/// The pause before the next dial: doubles with each failure, and varies by half so that clients do not return to a
/// restarted server in step.
class backoff {
 public:
  using clock = std::chrono::steady_clock;

  backoff(std::chrono::milliseconds first, std::chrono::milliseconds most) : first_(first), most_(most) {}

  /// Dials that were under way together and fail together count once.
  void failed(clock::time_point now) {
    if (now < not_before_) return;
    pause_ = pause_.count() == 0 ? first_ : std::min(pause_ * 2, most_);
    not_before_ = now + varied(pause_);
  }
  /// Waiting less will not help.
  void failed_for_long(clock::time_point now) {
    pause_ = most_;
    not_before_ = now + varied(pause_);
  }
  void reset() { pause_ = {}, not_before_ = {}; }
  clock::time_point not_before() const { return not_before_; }

 private:
  std::chrono::milliseconds varied(std::chrono::milliseconds pause) {
    std::uniform_int_distribution<std::chrono::milliseconds::rep> spread(pause.count() / 2, pause.count());
    return std::chrono::milliseconds(spread(random_));
  }

  std::chrono::milliseconds first_, most_, pause_{0};
  clock::time_point not_before_{};
  std::minstd_rand random_{std::random_device{}()};
};

struct path_state {
  static constexpr std::chrono::milliseconds replacement_pace{200};

  path_state(path_options o, const tunnel_options& t) : options(std::move(o)), retry(t.backoff_first, t.backoff_most) {
    name = options.name.empty() ? description(options) : options.name;
    if (options.tune_bridges) tuner.emplace(options.bridges);
  }

  static std::string description(const path_options& o) {
    std::string text = to_string(core::target{o.host, o.port});
    if (!o.bind.empty()) text += " from " + o.bind;
    if (!o.interface.empty()) text += " through " + o.interface;
    return text;
  }
  /// Gives it a name that none of `others` has.
  void distinguish_from(const std::vector<path_state>& others) {
    const std::string plain = name;
    const auto has_name = [this](const path_state& other) { return other.name == name; };
    for (int number = 2; std::any_of(others.begin(), others.end(), has_name); ++number)
      name = plain + " (" + std::to_string(number) + ')';
  }

  /// How many bridges it should have.
  std::size_t wanted() const { return tuner ? tuner->wanted() : options.bridges; }

  /// When to dial one more, if any. `healthy` are its bridges that are not suspect, `up` all of them. Suspects are
  /// replaced at once as long as there are no more of them than there should be bridges; further ones give way to their
  /// replacements (see crowded), and those come one by one: perhaps they fall silent as well.
  std::optional<backoff::clock::time_point> next_dial(std::size_t healthy, std::size_t up) const {
    if (healthy + dialling >= wanted()) return std::nullopt;
    return up + dialling < 2 * wanted() ? retry.not_before()
                                        : std::max(retry.not_before(), last_dial + replacement_pace);
  }
  /// No room for one more, even if half of them are suspects: one of those has to go.
  bool crowded(std::size_t up) const { return up >= 2 * wanted(); }

  path_snapshot snapshot(std::size_t up) const {
    return {name, wanted(), up, lost, last_error, options.use, options.congestion};
  }

  path_options options;
  std::string name;
  backoff retry;
  std::optional<bridge_tuner> tuner;
  std::size_t dialling = 0;
  backoff::clock::time_point last_dial{};
  bool foreign = false;    ///< another server process answers here than on the paths that work
  std::uint64_t lost = 0;  ///< bridges that were up and ended
  std::string last_error;
};

}  // namespace mtcp
