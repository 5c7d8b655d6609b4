// How many bytes a bridge may have in flight: a little more than its own measured rate fills, so that a deep buffer on
// the way stays empty and a frame is bound to a bridge as late as possible.
//
// While the rate is still growing the cap is twice what it fills, so that both may double every round as in slow start.
// That ends when the rate has not grown by a quarter for three rounds (the full-pipe test of BBR,
// draft-cardwell-iccrg-bbr-congestion-control, section 4.3.1.2), or as soon as round trips tell that a queue builds up
// (HyStart++, RFC 9406): to overflow it would cost TCP half of its window. What looks like a queue is to run empty
// then; if it does not, it was none, and the rate grows on:
//
//   growing ── rate is flat ─────────> steady
//      │ ^                               ^
//      │ └─ the wait has stayed ─┐       │
//      └─ packets wait ──> emptying ─────┘ the wait has gone
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

class send_cap {
 public:
  static constexpr std::uint64_t start = 256 * 1024;
  /// Above what the rate fills: acknowledgements wait, frames are acknowledged whole, and a path that has become faster
  /// must be able to show it. In the simulator 1.1 fills 8 x 5 MB/s at 200 ms to 98.5 %, 1.25 to 93.5 % (it overflows
  /// the queue), and a request beside a download over 4 x 20 MB/s takes 1.35 round trips against 1.53.
  static constexpr double steady_gain = 1.1;
  static constexpr std::uint64_t least = 16 * 1024;      ///< so that something is still acknowledged
  static constexpr std::uint64_t calm_slack = 8 * 1024;  ///< on a fast bridge, and a little less on a slow one
  static constexpr duration ack_delay = std::chrono::milliseconds(5);
  static constexpr std::uint64_t calm_acks = 160 * 1024;  ///< between two ACKs, and some to go on with meanwhile

  /// A round of acknowledgements ended. `busy`: there always was something to send.
  void on_round(double rate, bool busy) {
    if (rate > best_ * 1.25) {
      best_ = rate;
      flat_rounds_ = 0;
    } else if (busy && ++flat_rounds_ >= 3 && grows()) {
      stage_ = stage::steady;
    }
  }

  /// What is seen of the way now.
  struct look {
    duration standing{0};  ///< so long the kernel sees packets wait ...
    duration rtt{0};       ///< ... in a round trip of this
    double rate = 0;
    std::uint64_t in_flight = 0;
    bool lossy = false;  ///< some were lost in the round
  };
  /// To be called often. While the rate grows a wait that becomes long is a queue of ours, or it is how the way usually
  /// is: jitter and radio links wait too. A queue of ours goes when no more is in flight than fills the way (the drain
  /// of BBR, section 4.3.2 there). What stays is not ours, and the rate may double on. Returns by how much the usual
  /// round trip has then been found to be longer, otherwise 0.
  duration on_queue(const look& seen, timestamp now) {
    const duration standing = seen.standing, without = seen.rtt - standing;
    if (grows() && is_long(standing, without)) begin_to_empty(seen, now);
    if (!empties()) return duration::zero();
    longest_wait_ = std::max(longest_wait_, standing);
    if (now < emptied_at_) return duration::zero();
    fills_ = 0;
    const bool stays = may_be_usual(longest_wait_, without) &&
                       standing > std::max<duration>(longest_wait_ / 2, std::chrono::milliseconds(2));
    if (stays)
      go_on();
    else
      stage_ = stage::steady;
    return stays ? standing : duration::zero();
  }
  /// The same where the kernel sees nothing of the way, of all frames of a round. There bytes also wait while the
  /// window of a relay grows: from ten packets it takes four round trips for the first 256 KiB. What waits for longer
  /// is a queue.
  void on_long_round(duration standing, duration rtt_minimum) {
    if (grows() && is_long(standing, rtt_minimum) && standing > 4 * rtt_minimum) stage_ = stage::steady;
  }

  /// The cap was reached in a round, and packets waited for `standing` on the way. Where the cap alone holds a bridge
  /// back they wait a little; where they do not the rate is too low, since packets are lost: it was measured by when
  /// the last of them arrived, and what comes behind a lost one counts as in flight although it has arrived. `lossy`:
  /// some were lost in the round; elsewhere more is tried slowly, since it may overflow a queue.
  void adapt(duration standing, duration rtt, bool lossy) {
    using std::chrono::milliseconds;
    const bool queue = standing > std::clamp<duration>(rtt / 16, milliseconds(4), milliseconds(12));
    gain_ = queue ? steady_gain : std::min(gain_ * (lossy ? 1.5 : 1.1), 2.0);
  }

  /// What looked like a queue was not: the rate may double on.
  void go_on() {
    stage_ = stage::growing;
    flat_rounds_ = 0;
  }

  /// Unsent bytes that the kernel may hold: 5 ms of the rate. Less starves a fast bridge between two wake-ups of the
  /// program, more binds frames too early and keeps a keystroke waiting: in the simulator 8 bridges over one line of
  /// 0.6 MB/s let a stream wait for up to 464 ms when each might hold 16 KiB, and 246 ms with 4 KiB, the smallest
  /// frame.
  ///
  /// But a whole TLS record if it can be, since small ones cost 0.5 % of a bridge of 1 MB/s: not while the rate may
  /// still be taken for far too high, nor where a record is long beside the round trip.
  std::size_t slack(double rate, duration rtt_minimum) const {
    constexpr double record = 16 * 1024;
    if (rate <= 0) return static_cast<std::size_t>(record);
    const double usual = std::clamp(rate * 0.005, 4.0 * 1024, 512.0 * 1024);
    if (grows()) return static_cast<std::size_t>(usual);
    const duration patience = std::min<duration>(rtt_minimum / 5, std::chrono::milliseconds(16));
    const double whole = std::min(rate * std::chrono::duration<double>(patience).count(), record);
    return static_cast<std::size_t>(std::max(usual, whole));
  }

  std::uint64_t value(double rate, duration rtt_minimum, bool recovering) const {
    const double seconds = std::chrono::duration<double>(rtt_minimum + ack_delay).count();
    const double gain = grows() ? 2 : gain_;
    const double cap = (gain * rate * seconds + static_cast<double>(slack(rate, rtt_minimum))) * (recovering ? 2 : 1);
    return grows() ? std::max(static_cast<std::uint64_t>(cap), start) : static_cast<std::uint64_t>(cap);
  }

  /// The same while a queue is to run empty: a little less than fills the way. In the simulator 0.75 of it cost
  /// 8 x 3 MB/s at 200 ms 2 %. Never so little that nothing is acknowledged any more.
  std::uint64_t draining_value(double rate, duration rtt_minimum) const {
    constexpr double share = 0.9;
    const double filled = std::max(rate * std::chrono::duration<double>(rtt_minimum).count(), fills_);
    return std::max(static_cast<std::uint64_t>(share * filled), least);
  }

  /// The same while somebody waits for single messages: no more than fills the way there and back, since what exceeds
  /// it waits in the bottleneck in front of them. In the simulator 64 bytes beside a download over 4 x 2 MB/s take 1.14
  /// round trips against 1.55, and the download loses 2.5 %.
  ///
  /// Acknowledgements come after so many bytes on a fast bridge, on others after a time, which the peer keeps shorter
  /// while it waits for messages: `ack_gap` is what was seen of it. And where the programs are the bottleneck the cap
  /// never limits, so it keeps growing from rates that are bursts: over loopback 10 MB were in front of a message.
  std::uint64_t calm_value(double rate, duration rtt_minimum, duration ack_gap, bool recovering) const {
    const std::uint64_t usual = value(rate, rtt_minimum, recovering);
    const double gained = grows() ? 2 * rate : rate;
    const auto in = [gained](duration time) { return gained * std::chrono::duration<double>(time).count(); };
    const double filled = in(rtt_minimum) + std::min(in(std::min(ack_gap, ack_delay)), static_cast<double>(calm_acks));
    const double spare = std::clamp(in(std::chrono::milliseconds(2)), 6.0 * 1024, static_cast<double>(calm_slack));
    const auto calm = static_cast<std::uint64_t>(filled + spare);
    return std::min(usual, grows() ? std::max(calm, start) : calm);
  }

  /// The rate is known, and no queue of ours is left.
  bool is_steady() const { return stage_ == stage::steady; }
  /// The queue that was seen while the rate grew is to run empty.
  bool empties() const { return stage_ == stage::emptying; }

 private:
  enum class stage : std::uint8_t { growing, emptying, steady };

  bool grows() const { return stage_ == stage::growing; }
  static bool is_long(duration standing, duration without) {
    using std::chrono::milliseconds;
    return standing > std::clamp<duration>(without / 8, milliseconds(8), milliseconds(25));
  }
  /// Longer than that no way makes packets wait by itself, mostly.
  static bool may_be_usual(duration wait, duration without) {
    return wait <= std::max<duration>(without, std::chrono::milliseconds(30));
  }
  /// One round trip for what is on the way, another one to see the difference, and some packets to see it by. A way
  /// that a few packets fill cannot have less in flight: there a short wait is let pass, and a long one is a queue.
  ///
  /// Where packets were lost the rate is too low: what followed them has arrived late. In the simulator 8 x 1 MB/s at
  /// 240 ms with 0.5 % lost were emptied to half of what fills them, and took seconds to find the rest. What is in
  /// flight tells better, though some of it only waits for the lost ones. Elsewhere it lets a shared line keep some of
  /// its queue: a message beside a download over 4 bridges waited for 75 ms instead of 50.
  void begin_to_empty(const look& seen, timestamp now) {
    constexpr double seen_by = 32 * 1024;
    constexpr std::chrono::milliseconds short_wait{22};
    const auto seconds = [](duration d) { return std::chrono::duration<double>(d).count(); };
    const duration without = seen.rtt - seen.standing;
    const double measured = seen.rate * seconds(without);
    if (measured < 2 * least) {
      if (seen.standing > std::max<duration>(short_wait, without / 8)) stage_ = stage::steady;
      return;
    }
    const double outside = static_cast<double>(seen.in_flight) * seconds(without) / seconds(seen.rtt);
    fills_ = seen.lossy ? std::min(outside, 2 * measured) : 0;
    stage_ = stage::emptying;
    longest_wait_ = duration::zero();
    emptied_at_ = now + 2 * seen.rtt + duration(static_cast<std::int64_t>(1e9 * std::min(seen_by / seen.rate, 1.0)));
  }

  double best_ = 0;
  double gain_ = steady_gain;
  int flat_rounds_ = 0;
  stage stage_ = stage::growing;
  double fills_ = 0;          ///< bytes that fill the way, by what was in flight when it began to run empty
  duration longest_wait_{0};  ///< since then
  timestamp emptied_at_{0};
};

}  // namespace mtcp::core
