// PING and PONG of one bridge: they measure the round trip where there are no acknowledgements to time, and tell
// whether the bridge is alive.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "mtcp/types.hpp"

namespace mtcp::core {

class heartbeat {
 public:
  /// What a bridge has been doing, as far as it matters here.
  struct activity {
    std::uint64_t taken = 0;  ///< bytes of frames that have arrived
    bool only_receives = false;
    duration round_trip{0};    ///< smoothed, 0 if unknown
    timestamp measured_at{0};  ///< the round trip, last
    timestamp heard_at{0};
  };

  /// Asks for a PING, which is sent once, until it is answered.
  void ask(std::uint64_t taken, timestamp now) {
    if (asked_) return;
    asked_ = now;
    ping_wanted_ = true;
    taken_at_ping_ = taken;
  }
  bool ping_wanted() const { return ping_wanted_; }
  /// The number for the PING that is sent now.
  std::uint64_t send_ping(timestamp now) {
    ping_wanted_ = false;
    sent_ = now;
    return ++number_;
  }
  /// Returns the round trip, if this is the answer to the last PING.
  std::optional<duration> on_pong(std::uint64_t number, timestamp now) {
    if (number != number_ || !sent_) return {};
    const duration rtt = now - *sent_;
    sent_.reset();
    asked_.reset();
    return rtt;
  }

  /// The peer asks. Of several PINGs the last is answered.
  void on_ping(std::uint64_t number) { pong_wanted_ = number; }
  std::optional<std::uint64_t> take_pong() { return std::exchange(pong_wanted_, std::nullopt); }

  bool has_to_say() const { return ping_wanted_ || pong_wanted_; }
  /// When the PING left that is not answered yet.
  std::optional<timestamp> unanswered_since() const { return sent_; }

  /// When to send a PING, or when to give the bridge up because no answer came. Then only the PONG counts, not other
  /// frames: a path may be cut in one direction only.
  timestamp deadline(const activity& of) const {
    if (gave_up_) return timestamp::max();
    if (asked_) return *asked_ + dead_after;
    const std::uint64_t news = of.only_receives ? of.taken - taken_at_ping_ : 0;
    timestamp when = idle_deadline(of.heard_at);
    if (news > busy_bytes) when = std::min(when, of.measured_at + busy_ping);
    if (news > std::clamp(taken_at_ping_, min_burst, busy_bytes))
      when = std::min(when, of.heard_at + std::max<duration>(3 * of.round_trip, burst_over));
    return when;
  }
  /// The deadline has passed. True once: the bridge is dead.
  bool on_deadline(std::uint64_t taken, timestamp now) {
    if (asked_) return !std::exchange(gave_up_, true);
    ask(taken, now);
    return false;
  }

 private:
  // Keeps the mappings of NATs alive (RFC 5382 asks for hours, home routers grant as little as 30 s).
  static constexpr duration idle_ping = std::chrono::seconds(25);
  // An idle tunnel speaks once in each piece of time so long at most, lest its ends wake up for every bridge by itself,
  // but at no regular times in them, and not with all bridges: by that whoever watches the network would know it.
  static constexpr duration idle_slot = std::chrono::seconds(4);

  static timestamp idle_deadline(timestamp heard_at) {
    const auto last = static_cast<std::uint64_t>((heard_at + idle_ping - 2 * idle_slot) / idle_slot) + 1;
    const std::uint64_t slot = last - chance(static_cast<std::uint64_t>(heard_at.count())) % 2;
    const auto within = chance(slot) % static_cast<std::uint64_t>(idle_slot.count());
    return static_cast<duration::rep>(slot) * idle_slot + duration(static_cast<duration::rep>(within));
  }
  // When exactly the network has delivered something is as good as a random number (the mixing is SplitMix64's).
  static std::uint64_t chance(std::uint64_t seed) {
    seed += 0x9e3779b97f4a7c15;
    seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
    seed = (seed ^ seed >> 27) * 0x94d049bb133111eb;
    return seed ^ seed >> 31;
  }
  // A receiver has no acknowledgements to time: it measures the round trip by a PING now and then.
  static constexpr duration busy_ping = std::chrono::seconds(1);
  static constexpr std::uint64_t busy_bytes = 64 * 1024;
  // One that has brought much and falls silent may have been frozen by the network, which no sender can tell it if all
  // are: it asks. Much is as much as before the last PING, so that few are sent in the life of a bridge.
  static constexpr duration burst_over = std::chrono::milliseconds(150);
  static constexpr std::uint64_t min_burst = 2 * 1024;
  // Nothing heard for so long while an answer is due: dead.
  static constexpr duration dead_after = std::chrono::seconds(10);

  std::optional<std::uint64_t> pong_wanted_;
  std::uint64_t number_ = 0;
  std::optional<timestamp> asked_;  // an answer is wanted since then
  std::optional<timestamp> sent_;
  bool ping_wanted_ = false;
  bool gave_up_ = false;
  std::uint64_t taken_at_ping_ = 0;
};

}  // namespace mtcp::core
