// Finds by trying whether bridges that are held back by their caps would carry more if more were in flight.
//
// All of them are given more at the same time, since they may share a line: one alone would be faster at the cost of
// the others. If together they carry clearly more, they keep it, and are given more still. If not, it would only have
// stood in a queue, and they give it back. What they have kept is tried the other way round now and
// then, in turn with more.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "mtcp/core/bridge/bridge_table.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

class cap_search {
 public:
  /// To be called whenever something was acknowledged.
  void advance(bridge_table& bridges, timestamp now) {
    if (going_up() && now >= next_check_) check_for_queue(bridges, now);
    if (now < next_) return;
    switch (phase_) {
      case phase::resting:
        return begin(bridges, now);
      case phase::comparing:
        return compare(bridges, now);
      case phase::settling:
        return start_measuring(bridges, now);
      case phase::measuring:
        return judge(bridges, now);
    }
  }
  /// A bridge has gone: what is measured says nothing. Others may follow soon, and have successors, where the network
  /// bears connections only for a while.
  void disturb(bridge_table& bridges, timestamp now) {
    if (phase_ != phase::resting) give_back(bridges);
    phase_ = phase::resting;
    next_ = std::max(next_, now + calm);
  }

 private:
  enum class phase : std::uint8_t { resting, comparing, settling, measuring };

  /// A change of the sum that counts: what the cap changes by is many times that.
  static constexpr double clear = 0.04;
  /// Share of what is added that must be gained. What is still missing then the bridges find by themselves.
  static constexpr double worthwhile = 1.0 / 3;
  static constexpr duration first_pause = std::chrono::milliseconds(200);
  static constexpr duration longest_pause = std::chrono::seconds(20);
  static constexpr duration calm = std::chrono::seconds(5);
  static constexpr duration long_pause = std::chrono::seconds(3);
  static constexpr duration min_window = std::chrono::milliseconds(150);
  static constexpr duration max_window = std::chrono::seconds(1);

  template <class Function>
  void for_each_member(bridge_table& bridges, Function f) {
    for (auto& [id, b] : bridges.live())
      if (b.trial.member) f(b);
  }

  void begin(bridge_table& bridges, timestamp now) {
    duration longest{0};
    for (auto& [id, b] : bridges.live()) {
      b.trial.member = b.path.held_back();
      if (b.trial.member) longest = std::max(longest, b.path.rtt().smoothed());
    }
    if (longest == duration::zero()) return;
    window_ = std::clamp<duration>(4 * longest, min_window, max_window);
    rate_ = 0;
    phase_ = phase::comparing;
    start_window(bridges, now);
  }

  void start_window(bridge_table& bridges, timestamp now) {
    began_ = now;
    next_ = now + window_;
    for_each_member(bridges, [](bridge_state& b) { b.trial.delivered_before = b.path.delivered(); });
  }
  double measured(bridge_table& bridges, timestamp now) {
    std::uint64_t sum = 0;
    for_each_member(bridges, [&](bridge_state& b) { sum += b.path.delivered() - b.trial.delivered_before; });
    return static_cast<double>(sum) / path_model::seconds(now - began_);
  }
  bool still_held_back(bridge_table& bridges) {
    bool all = true;
    for_each_member(bridges, [&](bridge_state& b) { all = all && b.path.held_back(); });
    return all;
  }

  // Queues were to run empty meanwhile.
  bool drained(timestamp now) const { return queue_drain::begins_between(began_, now); }

  // While they become faster by themselves there is nothing to find out.
  void compare(bridge_table& bridges, timestamp now) {
    if (drained(now)) return start_window(bridges, now);
    const double rate = measured(bridges, now);
    if (!still_held_back(bridges)) return rest(now, first_pause);
    const bool flat = rate_ > 0 && rate <= (1 + clear) * rate_;
    rate_ = rate;
    if (!flat) return start_window(bridges, now);
    going_down_ = !going_down_ && pause_ >= long_pause && any_longer(bridges);
    double before = 0, change = 0;
    for_each_member(bridges, [&](bridge_state& b) {
      b.trial.rtt_before = b.path.rtt().smoothed();
      before += b.path.best_rate();
      change += b.path.best_rate() * b.path.try_usual(!going_down_);
    });
    change_ = before > 0 ? change / before : 0;
    phase_ = phase::settling;
    next_ = now + window_ / 2;
    next_check_ = now + window_ / 8;
  }

  bool going_up() const { return !going_down_ && (phase_ == phase::settling || phase_ == phase::measuring); }

  // Round trips that grow as much as what is in flight: it stands in a queue, which might overflow.
  void check_for_queue(bridge_table& bridges, timestamp now) {
    double before = 0, after = 0;
    for_each_member(bridges, [&](bridge_state& b) {
      before += path_model::seconds(b.trial.rtt_before);
      after += path_model::seconds(b.path.rtt().smoothed());
    });
    next_check_ = now + window_ / 8;
    if (after < before * (1 + 0.7 * change_)) return;
    give_back(bridges);
    rest(now, std::min(2 * pause_, longest_pause));
  }

  bool any_longer(bridge_table& bridges) {
    bool any = false;
    for_each_member(bridges, [&](bridge_state& b) { any = any || b.path.usual_is_longer(); });
    return any;
  }

  void start_measuring(bridge_table& bridges, timestamp now) {
    phase_ = phase::measuring;
    start_window(bridges, now);
  }

  void judge(bridge_table& bridges, timestamp now) {
    if (drained(now)) return start_window(bridges, now);
    const double rate = measured(bridges, now);
    const bool good = going_down_ ? rate >= (1 - clear / 2) * rate_ : rate >= (1 + worthwhile * change_) * rate_;
    const bool grow_on = !going_down_ && rate >= (1 + change_ / 2) * rate_;
    if (good)
      for_each_member(bridges, [grow_on](bridge_state& b) { b.path.keep_usual(grow_on); });
    else
      give_back(bridges);
    if (!good) return rest(now, std::min(2 * pause_, longest_pause));
    if (going_down_) return rest(now, long_pause);
    pause_ = first_pause;
    rate_ = rate;
    phase_ = phase::comparing;
    start_window(bridges, now);
  }

  void give_back(bridge_table& bridges) {
    for_each_member(bridges, [](bridge_state& b) { b.path.give_back_usual(); });
  }
  void rest(timestamp now, duration pause) {
    phase_ = phase::resting;
    pause_ = pause;
    next_ = now + pause;
  }

  phase phase_ = phase::resting;
  timestamp next_{0};
  timestamp began_{0};
  duration window_{0};
  duration pause_ = first_pause;
  double rate_ = 0;    ///< bytes per second of all members before the trial
  double change_ = 0;  ///< share by which what may be in flight is changed in the trial
  bool going_down_ = false;
  timestamp next_check_{0};
};

}  // namespace mtcp::core
