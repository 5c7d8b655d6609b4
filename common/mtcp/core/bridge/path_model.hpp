// What is known of the path that a bridge takes: round trip, rate and queue; and from these how much may be in flight
// and when a frame that is sent now would arrive. Bytes are bytes of frames.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mtcp/core/bridge/ack_gaps.hpp"
#include "mtcp/core/bridge/queue_drain.hpp"
#include "mtcp/core/bridge/rate_estimator.hpp"
#include "mtcp/core/bridge/repair_delay.hpp"
#include "mtcp/core/bridge/rtt_estimator.hpp"
#include "mtcp/core/bridge/send_cap.hpp"
#include "mtcp/core/bridge/tcp_info.hpp"
#include "mtcp/core/bridge/usual_rtt.hpp"
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
  /// There was more to send, but the cap was reached.
  void on_cap_limited() { limited_ = true; }
  /// So many bytes more were acknowledged; `newest` is the mark of the last frame among them, and `delay` how long the
  /// peer had it.
  void on_ack(std::uint64_t bytes, rate_estimator::mark newest, duration delay, timestamp now) {
    const duration sample = now - newest.sent - delay;
    if (sample > duration::zero()) {
      rtt_.sample(sample, now);
      round_rtt_ = std::min(round_rtt_, sample);
    }
    if (newest.sent <= probing_at_) newest.app_limited = true;
    const bool new_round = rate_.on_ack(bytes, newest, rtt_.known() ? rtt_.minimum() : duration::max(), now - delay);
    review_rate(now);
    acks_.on_ack(send_cap::ack_delay, now);
    // Or TCP does it itself.
    const bool wanted = held_back() && now - probing_at_ > 2 * queue_drain::interval;
    drain_.advance(wanted, rtt_.smoothed() + rtt_minimum(), now);
    if (new_round && !drain_.active()) on_round(!newest.app_limited, now);
  }
  /// The cap is what limits it.
  bool held_back() const { return (limited_ || was_limited_) && cap_.is_steady() && rtt_.known(); }
  /// The usual round trip, and with it the cap, becomes larger or smaller for a trial: by a quarter, but not by so much
  /// that it would overflow a short queue. Returns the share by which it changes.
  double try_usual(bool more) {
    using std::chrono::milliseconds;
    const duration whole = rtt_usual() + send_cap::ack_delay;
    const duration step = std::min<duration>(whole / 4, milliseconds(30));
    usual_.try_change(more ? step : -step, rtt_minimum());
    return seconds(step) / seconds(whole);
  }
  /// `grow_on`: what looked like a queue was none, and the rate may double on.
  void keep_usual(bool grow_on) {
    usual_.keep();
    if (grow_on) cap_.go_on();
  }
  void give_back_usual() { usual_.give_back(); }
  bool usual_is_longer() const { return usual_.is_longer(rtt_minimum()); }
  /// A frame was acknowledged so long after it was due.
  void on_late(duration late, timestamp now) {
    if (info_.recovering) repair_.sample(late, now);
  }
  /// Other bridges of the path have found that round trips usually are so long.
  void inherit_usual(duration usual) { usual_.inherit(usual); }
  /// The connection is set up, and the peer took so long to answer; 0 if unknown.
  void on_handshake(duration rtt) { handshake_rtt_ = rtt; }
  void on_pong(duration rtt, timestamp now) { rtt_.sample(rtt, now); }
  /// With so many bytes in flight.
  void on_tcp_info(const tcp_info& info, std::uint64_t in_flight, timestamp now) {
    info_ = info;
    if (info.recovering && !fills_a_queue()) repaired_at_ = now + info.srtt;
    repairs_ = info.recovering || now < repaired_at_;
    lossy_round_ = lossy_round_ || info.recovering;
    if (info.probing) probing_at_ = now;
    review_rate(now);
    if (info.srtt <= duration::zero()) return;
    srtt_minimum_ = std::min(srtt_minimum_, info.srtt);
    if (!kernel_sees_the_way()) return;
    const duration longer = cap_.on_queue({standing_queue(), info.srtt, rate_.rate(), in_flight, lossy_round_}, now);
    if (longer > duration::zero()) usual_.learn(rtt_usual() + longer, rtt_minimum());
  }
  /// Bytes per second, 0 for none.
  void set_rate_limit(std::uint64_t limit) { rate_limit_ = limit; }
  /// It had stopped: what was measured before says nothing any more.
  void start_over() {
    rate_.forget();
    rate_is_proven_ = false;
    cap_ = {};
    usual_ = {};
    full_rounds_ = 0;
  }

  /// What the kernel said last.
  const tcp_info& tcp() const { return info_; }

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
  /// What it can carry is known: it was full, and its rate has not grown any more, or had time to fill any way. Where
  /// packets are lost nobody sees a rate that is flat.
  bool settled() const { return rate_.proven_at() && (cap_.is_steady() || full_rounds_ >= enough_rounds); }
  /// What it carried when it was last full, however long ago; 0 for never.
  double settled_rate() const { return settled() ? rate_.recent() : 0; }
  /// What it could carry if TCP's window were always full, 0 if unknown.
  double window_rate() const {
    const duration rtt = std::max(info_.srtt, rtt_minimum());
    return rtt > duration::zero() ? static_cast<double>(info_.congestion_window) / seconds(rtt) : 0;
  }
  /// Bytes that were acknowledged in all.
  std::uint64_t delivered() const { return rate_.delivered(); }
  /// How long the bridge takes for so many bytes, at the best rate seen lately.
  duration time_of(std::size_t bytes) const {
    const double r = rate_.rate();
    return r > 0 ? duration(static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / r)) : duration::zero();
  }

  // ---- how far ----

  const rtt_estimator& rtt() const { return rtt_; }
  /// Round trip without queues.
  duration rtt_minimum() const { return rtt_.known() ? rtt_.minimum() : info_.srtt; }
  /// Round trip as the way usually makes it, without queues of our own.
  duration rtt_usual() const { return usual_.value(rtt_minimum()); }
  duration rtt_found() const { return usual_.found(rtt_minimum()); }
  /// When TCP was last seen to measure its round trip, and next to nothing moved.
  timestamp probing_at() const { return probing_at_; }

  // ---- how much ----

  std::size_t slack() const { return cap_.slack(rate_estimate(), rtt_minimum()); }
  /// The most that may be in flight.
  std::uint64_t cap() const {
    const std::uint64_t usual = cap_.value(rate_.rate(), rtt_usual(), repairs_);
    if (!drain_.active() && !cap_.empties()) return usual;
    return std::min(usual, cap_.draining_value(rate_.rate(), rtt_minimum()));
  }
  /// The same while somebody waits for single messages. What was found by trying does not count: where several bridges
  /// share a line each carries more the more it has in flight, and what they have too much waits in front of messages.
  std::uint64_t calm_cap() const {
    const duration without_queues = rtt_.known() ? rtt_.long_minimum() : rtt_minimum();
    return cap_.calm_value(rate_.rate(), without_queues, acks_.usual(), info_.recovering);
  }
  /// Seconds for so many bytes in flight, beyond the path's own content, at the estimated rate.
  double queue_seconds(std::uint64_t in_flight) const {
    const double r = rate_estimate();
    if (r <= 0) return 0;
    const double excess = static_cast<double>(in_flight) - r * seconds(rtt_found());
    return excess > 0 ? excess / r : 0;
  }
  static double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

  // ---- how long to wait ----

  /// Without progress for this long the bridge is suspected. `waited_for` are the stream bytes of the oldest frame:
  /// twice its time, but not much, since a bridge that carries little only seems to be slow.
  duration patience(std::size_t waited_for) const {
    using std::chrono::milliseconds;
    if (!rtt_.known()) return std::max<duration>({std::chrono::seconds(1), 3 * info_.srtt, 3 * handshake_rtt_});
    const double bytes = static_cast<double>(waited_for);
    const double frame_seconds = rate_.rate() > 0 ? std::min(2 * bytes / rate_.rate(), 2.0) : 0;
    const duration frame(static_cast<std::int64_t>(frame_seconds * 1e9));
    return std::max<duration>({3 * rtt_.smoothed(), rtt_.smoothed() + 4 * rtt_.variation(), milliseconds(300), frame});
  }
  /// So few bytes in flight leave at once, whatever the rate: they fit any window, and the kernel's buffer is empty.
  static bool alone(std::uint64_t in_flight) { return in_flight <= 4 * 1024; }
  /// When the acknowledgement of what is sent now should be here, with so many bytes in flight. While it is not known
  /// what the bridge can carry stream bytes may wait for TCP's window, for one more round trip, unless they are alone.
  timestamp due(std::uint64_t in_flight, bool stream_bytes, timestamp now) const {
    const bool unknown = stream_bytes && !alone(in_flight) && !settled();
    if (unknown && whole_rtt() > duration::zero()) return now + 2 * whole_rtt() + send_cap::ack_delay;
    if (!rtt_.known()) return now + std::max<duration>(std::chrono::seconds(1), whole_rtt());
    const auto queued = std::chrono::duration<double>(queue_seconds(in_flight));
    return now + rtt_found() + send_cap::ack_delay + std::chrono::ceil<duration>(queued);
  }
  /// How late an acknowledgement may be before the frame is sent again elsewhere. Not half of the smoothed round trip:
  /// that one grows on the very path whose frames are wanted elsewhere. Stream bytes may also wait in the kernel's
  /// buffer, which control frames and single messages find empty.
  duration grace(bool stream_bytes, bool alone) const {
    using std::chrono::milliseconds;
    if (!rtt_.known()) return patience(0);
    const duration usual = std::min<duration>(4 * rtt_.variation(), milliseconds(60));
    const duration least = std::max<duration>({rtt_.minimum() / 2, milliseconds(30), usual});
    if (alone) return least;
    const duration unsent = stream_bytes ? 2 * time_of(slack()) : duration::zero();
    // What TCP mends at its second try is no reason either: in the simulator 5.5 % of all bytes were sent
    // twice over 8 x 1 MB/s at 240 ms with 0.5 % lost, when one try was waited for. A bridge that has fallen silent is
    // one, soon after that. A copy of a single message costs too little to wait for that.
    const duration mended = std::min<duration>(repair_.usual(), 2 * rtt_usual() + milliseconds(40));
    return std::max(least, mended) + unsent;
  }

 private:
  static constexpr duration proof_lasts = std::chrono::seconds(2);
  static constexpr int enough_rounds = 10;  // from ten packets a window that doubles has come to 15 MB

  double possible_rate() const {
    if (rate_is_proven_ && !info_.probing) return rate_.recent();
    if (info_.srtt <= duration::zero()) return rate_.proven_at() ? rate_.recent() : 0;
    return info_.probing ? window_rate() : std::max(rate_.recent(), window_rate());
  }
  /// What was measured before the bridge was idle for long may no longer hold.
  void review_rate(timestamp now) { rate_is_proven_ = rate_.proven_at() && now - *rate_.proven_at() < proof_lasts; }

  /// As far as the peer, also behind a relay, and also before a frame was acknowledged.
  duration whole_rtt() const { return rtt_.known() ? rtt_found() : std::max(info_.srtt, handshake_rtt_); }
  /// No relay next door hides it, whose buffers take in all that is sent.
  bool kernel_sees_the_way() const { return info_.srtt > rtt_minimum() / 2; }
  /// How long packets wait on the way now. The kernel's round trip does not contain the wait in its own send buffer,
  /// the tunnel's does: two round trips for a frame larger than the first window.
  duration standing_queue() const {
    const duration longer = rtt_usual() - rtt_minimum();
    if (kernel_sees_the_way()) return info_.srtt - std::min(info_.srtt, srtt_minimum_ + longer);
    return round_rtt_ == duration::max() ? duration::zero() : round_rtt_ - std::min(round_rtt_, rtt_usual());
  }
  /// Packets wait for an eighth of a round trip: what is lost has overflowed a queue, mostly.
  bool fills_a_queue() const { return standing_queue() > info_.srtt / 8; }
  /// With the cap in force a round trip exceeds the minimum by a quarter and a few ms. Twice as much is a queue.
  static bool is_long(duration waiting, duration minimum) { return waiting > minimum + std::chrono::milliseconds(20); }
  /// Only the kernel tells between two rounds.
  bool queues() const { return kernel_sees_the_way() && is_long(standing_queue(), srtt_minimum_); }
  void on_round(bool busy, timestamp now) {
    const duration waiting = standing_queue();
    round_rtt_ = duration::max();
    was_limited_ = std::exchange(limited_, false);
    const bool lossy = std::exchange(lossy_round_, info_.recovering);
    if (was_limited_ && kernel_sees_the_way()) cap_.adapt(waiting, rtt_usual(), lossy);
    // While lost packets are sent again a round says little: what follows them arrives with the next one. So does one
    // that is shorter than a round of TCP, since the window has not grown meanwhile: where acknowledgements return on a
    // quicker bridge.
    const bool full = busy && now - round_at_ >= info_.srtt * 7 / 8;
    if (full || !busy) round_at_ = now;
    if (full && full_rounds_ < enough_rounds) ++full_rounds_;
    cap_.on_round(rate_.rate(), full && !info_.recovering);
    if (!kernel_sees_the_way()) cap_.on_long_round(waiting, rtt_minimum());
    // Two rounds in a row it is one that the remembered rate keeps filling: the path has become slower.
    slow_rounds_ = is_long(waiting, rtt_minimum()) ? slow_rounds_ + 1 : 0;
    if (slow_rounds_ >= 2) rate_.forget_old_rounds();
  }

  tcp_info info_;
  duration handshake_rtt_{0};
  duration srtt_minimum_ = duration::max();
  timestamp probing_at_{0};
  std::uint64_t rate_limit_ = 0;
  rtt_estimator rtt_;
  rate_estimator rate_;
  bool rate_is_proven_ = false;
  send_cap cap_;
  usual_rtt usual_;
  repair_delay repair_;
  ack_gaps acks_;
  queue_drain drain_;
  timestamp repaired_at_{0};  // by then what TCP has sent again will have been acknowledged by the peer's engine too
  bool repairs_ = false;      // that is to come
  bool lossy_round_ = false;  // packets were lost in this round
  bool limited_ = false;      // the cap was reached in this round
  bool was_limited_ = false;  // in the last one
  int full_rounds_ = 0;       // of TCP, in which there was enough to send
  int slow_rounds_ = 0;       // in a row, whose round trips tell of a standing queue
  timestamp round_at_{0};     // when the last one ended that was as long as one of TCP
  duration round_rtt_ = duration::max();
};

}  // namespace mtcp::core
