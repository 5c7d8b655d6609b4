// What is known of the path that a bridge takes: round trip, rate and queue; and from these how much may be in flight
// and when a frame that is sent now would arrive. Bytes are bytes of frames.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "mtcp/core/bridge/rate_estimator.hpp"
#include "mtcp/core/bridge/rtt_estimator.hpp"
#include "mtcp/core/bridge/send_cap.hpp"
#include "mtcp/core/bridge/tcp_info.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

class path_model {
 public:
  // ---- what is measured ----

  /// A frame is sent.
  rate_estimator::mark on_send(timestamp now, bool nothing_in_flight) { return rate_.on_send(now, nothing_in_flight); }
  /// There was nothing more to send: what is measured now says how much was offered. Not while packets queue on the
  /// way, since that is as much as the path carries: a bridge that has become slow is given little, and would keep for
  /// good the rate that it once had.
  void on_app_limited(std::uint64_t in_flight) {
    if (!queues()) rate_.on_app_limited(in_flight);
  }
  /// So many bytes more were acknowledged; `newest` is the mark of the last frame among them, and `delay` how long the
  /// peer had it.
  void on_ack(std::uint64_t bytes, rate_estimator::mark newest, duration delay, timestamp now) {
    const duration sample = now - newest.sent - delay;
    if (sample > duration::zero()) {
      rtt_.sample(sample, now);
      round_rtt_ = std::min(round_rtt_, sample);
    }
    if (newest.sent <= probing_at_) newest.app_limited = true;
    const bool new_round = rate_.on_ack(bytes, newest, rtt_.minimum(), now - delay);
    review_rate(now);
    if (new_round) on_round(!newest.app_limited);
  }
  void on_pong(duration rtt, timestamp now) { rtt_.sample(rtt, now); }
  void on_tcp_info(const tcp_info& info, timestamp now) {
    info_ = info;
    if (info.probing) probing_at_ = now;
    review_rate(now);
    if (info.srtt <= duration::zero()) return;
    srtt_minimum_ = std::min(srtt_minimum_, info.srtt);
    cap_.on_queue(standing_queue(), srtt_minimum_);
  }
  /// Bytes per second, 0 for none.
  void set_rate_limit(std::uint64_t limit) { rate_limit_ = limit; }
  /// It had stopped: what was measured before says nothing any more.
  void start_over() {
    rate_.forget();
    rate_is_proven_ = false;
    cap_ = {};
  }

  // ---- how fast ----

  /// Bytes per second; while nothing proves it, at least what the kernel's window allows; 0 if nothing is known. Never
  /// more than its limit: otherwise other bridges would leave it data that it may not take yet.
  double rate_estimate() const {
    const double possible = possible_rate();
    return rate_limit_ == 0 ? possible : std::min(possible, static_cast<double>(rate_limit_));
  }
  /// The best that was measured lately, 0 while nothing was.
  double best_rate() const { return rate_.rate(); }
  bool rate_is_proven() const { return rate_is_proven_; }
  /// How long the bridge takes for so many bytes, at the best rate seen lately.
  duration time_of(std::size_t bytes) const {
    const double r = rate_.rate();
    return r > 0 ? duration(static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / r)) : duration::zero();
  }

  // ---- how far ----

  const rtt_estimator& rtt() const { return rtt_; }
  /// Round trip without queues.
  duration rtt_minimum() const { return rtt_.known() ? rtt_.minimum() : info_.srtt; }
  /// When TCP was last seen to measure its round trip, and next to nothing moved.
  timestamp probing_at() const { return probing_at_; }

  // ---- how much ----

  std::size_t slack() const { return cap_.slack(rate_estimate(), rtt_minimum()); }
  /// The most that may be in flight.
  std::uint64_t cap() const { return cap_.value(rate_.rate(), rtt_minimum(), info_.recovering); }
  /// The same while somebody waits for single messages.
  std::uint64_t calm_cap() const { return cap_.calm_value(rate_.rate(), rtt_minimum(), info_.recovering); }
  /// Seconds for so many bytes in flight, beyond the path's own content, at the estimated rate.
  double queue_seconds(std::uint64_t in_flight) const {
    const double r = rate_estimate();
    if (r <= 0) return 0;
    const double excess = static_cast<double>(in_flight) - r * seconds(rtt_minimum());
    return excess > 0 ? excess / r : 0;
  }
  static double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

  // ---- how long to wait ----

  /// Without progress for this long the bridge is suspected. `waited_for` are the stream bytes of the oldest frame:
  /// twice its time, but not much, since a bridge that carries little only seems to be slow.
  duration patience(std::size_t waited_for) const {
    using std::chrono::milliseconds;
    if (!rtt_.known()) return std::max<duration>(std::chrono::seconds(1), 3 * info_.srtt);
    const double bytes = static_cast<double>(waited_for);
    const double frame_seconds = rate_.rate() > 0 ? std::min(2 * bytes / rate_.rate(), 2.0) : 0;
    const duration frame(static_cast<std::int64_t>(frame_seconds * 1e9));
    return std::max<duration>({3 * rtt_.smoothed(), rtt_.smoothed() + 4 * rtt_.variation(), milliseconds(300), frame});
  }
  /// When the acknowledgement of what is sent now should be here, with so many bytes in flight. Of stream bytes nobody
  /// knows before a rate was measured.
  timestamp due(std::uint64_t in_flight, bool stream_bytes, timestamp now) const {
    if (!rtt_.known() || (stream_bytes && rate_.rate() <= 0)) return now + std::chrono::seconds(1);
    const auto queued = std::chrono::duration<double>(queue_seconds(in_flight));
    return now + rtt_.minimum() + send_cap::ack_delay + std::chrono::ceil<duration>(queued);
  }
  /// How late an acknowledgement may be before the frame is sent again elsewhere. Not half of the smoothed round trip:
  /// that one grows on the very path whose frames are wanted elsewhere. Stream bytes may also wait in the kernel's
  /// buffer, which control frames find empty.
  duration grace(bool stream_bytes) const {
    using std::chrono::milliseconds;
    const duration usual = std::min<duration>(4 * rtt_.variation(), milliseconds(60));
    const duration unsent = stream_bytes ? 2 * time_of(slack()) : duration::zero();
    return std::max<duration>({rtt_.minimum() / 2, milliseconds(30), usual}) + unsent;
  }

 private:
  static constexpr duration proof_lasts = std::chrono::seconds(2);

  double possible_rate() const {
    if (rate_is_proven_ && !info_.probing) return rate_.recent();
    if (info_.srtt <= duration::zero()) return rate_.proven_at() ? rate_.recent() : 0;
    return info_.probing ? window_rate() : std::max(rate_.recent(), window_rate());
  }
  /// The kernel's round trip ends at a relay, if there is one on the way.
  double window_rate() const {
    return static_cast<double>(info_.congestion_window) / seconds(std::max(info_.srtt, rtt_minimum()));
  }
  /// What was measured before the bridge was idle for long may no longer hold.
  void review_rate(timestamp now) { rate_is_proven_ = rate_.proven_at() && now - *rate_.proven_at() < proof_lasts; }

  /// How long packets wait on the way now. The kernel's round trip does not contain the wait in its own send buffer,
  /// the tunnel's does: two round trips for a frame larger than the first window.
  duration standing_queue() const {
    if (info_.srtt > duration::zero()) return info_.srtt - std::min(info_.srtt, srtt_minimum_);
    return round_rtt_ == duration::max() ? duration::zero() : round_rtt_ - rtt_.minimum();
  }
  /// With the cap in force a round trip exceeds the minimum by a quarter and a few ms. Twice as much is a queue.
  static bool is_long(duration waiting, duration minimum) { return waiting > minimum + std::chrono::milliseconds(20); }
  /// Only the kernel tells between two rounds.
  bool queues() const { return info_.srtt > duration::zero() && is_long(standing_queue(), srtt_minimum_); }
  void on_round(bool busy) {
    const duration waiting = standing_queue();
    round_rtt_ = duration::max();
    cap_.on_round(rate_.rate(), busy);
    cap_.on_queue(waiting, rtt_.minimum());
    // Two rounds in a row it is one that the remembered rate keeps filling: the path has become slower.
    slow_rounds_ = is_long(waiting, rtt_.minimum()) ? slow_rounds_ + 1 : 0;
    if (slow_rounds_ >= 2) rate_.forget_old_rounds();
  }

  tcp_info info_;
  duration srtt_minimum_ = duration::max();
  timestamp probing_at_{0};
  std::uint64_t rate_limit_ = 0;
  rtt_estimator rtt_;
  rate_estimator rate_;
  bool rate_is_proven_ = false;
  send_cap cap_;
  int slow_rounds_ = 0;  // in a row, whose round trips tell of a standing queue
  duration round_rtt_ = duration::max();
};

}  // namespace mtcp::core
