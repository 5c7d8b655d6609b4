// How many bytes a bridge may have in flight: a little more than its own measured rate fills, so that a deep buffer on
// the way stays empty and a frame is bound to a bridge as late as possible.
//
// While the rate is still growing the cap is twice what it fills, so that both may double every round as in slow start.
// That ends when the rate has not grown by a quarter for three rounds (the full-pipe test of BBR,
// draft-cardwell-iccrg-bbr-congestion-control, section 4.3.1.2), or as soon as round trips tell that a queue builds up
// (HyStart++, RFC 9406): to overflow it would cost TCP half of its window.
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
  static constexpr std::uint64_t calm_slack = 8 * 1024;
  static constexpr duration ack_delay = std::chrono::milliseconds(5);
  static constexpr std::uint64_t calm_acks = 160 * 1024;  ///< between two ACKs, and some to go on with meanwhile

  /// A round of acknowledgements ended. `busy`: there always was something to send.
  void on_round(double rate, bool busy) {
    if (rate > best_ * 1.25) {
      best_ = rate;
      flat_rounds_ = 0;
    } else if (busy && ++flat_rounds_ >= 3) {
      started_ = true;
    }
  }

  /// Packets wait for `standing` on the way.
  void on_queue(duration standing, duration rtt_minimum) {
    using std::chrono::milliseconds;
    if (standing > std::clamp<duration>(rtt_minimum / 8, milliseconds(8), milliseconds(25))) started_ = true;
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
    if (!started_) return static_cast<std::size_t>(usual);
    const duration patience = std::min<duration>(rtt_minimum / 5, std::chrono::milliseconds(16));
    const double whole = std::min(rate * std::chrono::duration<double>(patience).count(), record);
    return static_cast<std::size_t>(std::max(usual, whole));
  }

  std::uint64_t value(double rate, duration rtt_minimum, bool recovering) const {
    const double seconds = std::chrono::duration<double>(rtt_minimum + ack_delay).count();
    const double gain = started_ ? steady_gain : 2;
    const double cap = (gain * rate * seconds + static_cast<double>(slack(rate, rtt_minimum))) * (recovering ? 2 : 1);
    return started_ ? static_cast<std::uint64_t>(cap) : std::max(static_cast<std::uint64_t>(cap), start);
  }

  /// The same while somebody waits for single messages: no more than fills the way there and back, since what exceeds
  /// it waits in the bottleneck in front of them. In the simulator 64 bytes beside a download over 4 x 2 MB/s take 1.16
  /// round trips against 1.55, and the download loses nothing.
  ///
  /// On a fast bridge acknowledgements are sent after so many bytes, not after some time. And where the programs are
  /// the bottleneck the cap never limits, so it keeps growing from rates that are bursts: over loopback 10 MB were in
  /// front of a message.
  std::uint64_t calm_value(double rate, duration rtt_minimum, bool recovering) const {
    const std::uint64_t usual = value(rate, rtt_minimum, recovering);
    const double gained = started_ ? rate : 2 * rate;
    const auto in = [gained](duration time) { return gained * std::chrono::duration<double>(time).count(); };
    const double filled = in(rtt_minimum) + std::min(in(ack_delay), static_cast<double>(calm_acks));
    const std::uint64_t calm = static_cast<std::uint64_t>(filled) + calm_slack;
    return std::min(usual, started_ ? calm : std::max(calm, start));
  }

  bool started() const { return started_; }

 private:
  double best_ = 0;
  int flat_rounds_ = 0;
  bool started_ = false;
};

}  // namespace mtcp::core
