// One bridge as the engine keeps it: what is in flight on it, what was taken from it, how fast and how far away it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "mtcp/core/engine.hpp"
#include "mtcp/core/flight.hpp"
#include "mtcp/core/frame_parser.hpp"
#include "mtcp/core/rate_estimator.hpp"
#include "mtcp/core/rtt_estimator.hpp"
#include "mtcp/core/send_cap.hpp"
#include "mtcp/core/stream_state.hpp"
#include "mtcp/core/tcp_progress.hpp"
#include "mtcp/core/token_bucket.hpp"

namespace mtcp::core {

struct bridge_state {
  /// An ACK on the quickest bridge, and the one on another.
  static constexpr std::uint8_t first_ack = 1, second_ack = 2;
  static constexpr duration proof_lasts = std::chrono::seconds(2);

  bridge_id id = 0;
  bridge_options options;
  path_info path;
  duration path_srtt_minimum = duration::max();
  timestamp probing_at{0};  ///< when TCP was last seen to measure its round trip
  token_bucket limiter{0, 0};
  timestamp up_since{0};

  // Sending.
  bridge_flight flight;
  rtt_estimator rtt;
  rate_estimator rate;
  bool rate_is_proven = false;
  send_cap cap;
  int slow_rounds = 0;  ///< rounds in a row whose round trips tell of a standing queue
  duration round_rtt = duration::max();
  timestamp progress_at{0};  ///< when something of ours was last acknowledged, or answered
  tcp_progress oldest_frame;
  bool suspect = false;
  bool suspect_told = false;
  control_slot suspect_notice;  ///< our BRIDGE_SUSPECT
  bool sidelined = false;       ///< suspect, and there are others
  bool usable = false;          ///< may carry stream bytes
  bool path_wanted = false;     ///< a PATH is to tell what it is for now
  std::uint64_t payload_resent = 0;

  // Receiving.
  frame_parser parser;
  std::uint64_t taken = 0;        ///< bytes of complete frames
  std::uint64_t acked_taken = 0;  ///< of these, what an ACK has told or is about to
  std::uint8_t ack_copies = 0;    ///< which ACKs still have to carry the count: first_ack, second_ack
  timestamp taken_at{0};
  timestamp heard_at{0};
  std::uint8_t ack_wanted = 0;  ///< the ACKs that this bridge is to carry

  // Round trips without data, and liveness.
  std::optional<std::uint64_t> pong_wanted;
  std::uint64_t ping_number = 0;
  std::optional<timestamp> ping_asked;  ///< a PONG is wanted since then
  std::optional<timestamp> ping_sent;
  bool ping_wanted = false;
  bool close_reported = false;
  std::uint64_t taken_at_ping = 0;

  void set_options(const bridge_options& changed) {
    const auto limit = static_cast<double>(changed.rate_limit);
    if (changed.rate_limit != options.rate_limit) limiter = token_bucket(limit, std::max(limit * 0.01, 32.0 * 1024));
    options = changed;
  }

  void on_path_info(const path_info& info, timestamp now) {
    if (!flight.empty()) oldest_frame.update(info.acknowledged, flight.rest_of_oldest(), now);
    path = info;
    if (info.probing) probing_at = now;
    review_rate(now);
    if (info.srtt <= duration::zero()) return;
    path_srtt_minimum = std::min(path_srtt_minimum, info.srtt);
    cap.on_queue(standing_queue(), path_srtt_minimum);
  }

  /// Since when an answer of the peer is due: an acknowledgement or a PONG. Empty if none is.
  std::optional<timestamp> waits_since() const { return flight.empty() ? ping_sent : flight.oldest().mark.sent; }

  /// It moves. If it was suspected, what it could do before says nothing: start over.
  void on_progress(timestamp now) {
    progress_at = now;
    oldest_frame.next_frame();
    if (!suspect) return;
    suspect = false;
    rate.forget();
    rate_is_proven = false;
    cap = {};
  }

  /// A frame of its own waits, or has to be answered.
  bool has_to_say() const { return ack_wanted != 0 || path_wanted || ping_wanted || pong_wanted; }

  /// Bytes per second; while nothing proves it, at least what the kernel's window allows; 0 if nothing is known. Never
  /// more than its limit: else other bridges would leave it data that it may not take yet.
  double rate_estimate() const {
    const double possible = possible_rate();
    return options.rate_limit == 0 ? possible : std::min(possible, static_cast<double>(options.rate_limit));
  }
  double possible_rate() const {
    if (rate_is_proven && !path.probing) return rate.recent();
    if (path.srtt <= duration::zero()) return rate.proven_at() ? rate.recent() : 0;
    return path.probing ? window_rate() : std::max(rate.recent(), window_rate());
  }
  /// The kernel's round trip ends at a relay, if there is one on the way.
  double window_rate() const {
    return static_cast<double>(path.congestion_window) / seconds(std::max(path.srtt, rtt_minimum()));
  }
  /// What was measured before the bridge was idle for long may no longer hold.
  void review_rate(timestamp now) { rate_is_proven = rate.proven_at() && now - *rate.proven_at() < proof_lasts; }
  /// Round trip without queues.
  duration rtt_minimum() const { return rtt.known() ? rtt.minimum() : path.srtt; }

  std::size_t slack() const { return cap.slack(rate_estimate(), rtt_minimum()); }
  std::uint64_t send_limit() const { return cap.value(rate.rate(), rtt_minimum(), path.recovering); }
  std::uint64_t room() const { return room_within(send_limit()); }
  /// The same while somebody waits for single messages.
  std::uint64_t calm_room() const { return room_within(cap.calm_value(rate.rate(), rtt_minimum(), path.recovering)); }
  std::uint64_t room_within(std::uint64_t limit) const { return limit - std::min(limit, flight.in_flight()); }

  /// How long packets wait on the way now. The kernel's round trip does not contain the wait in its own send buffer,
  /// the tunnel's does: two round trips for a frame larger than the first window.
  duration standing_queue() const {
    if (path.srtt > duration::zero()) return path.srtt - std::min(path.srtt, path_srtt_minimum);
    return round_rtt == duration::max() ? duration::zero() : round_rtt - rtt.minimum();
  }

  /// Seconds for what is in flight, and `more` bytes, beyond the path's own content, at the estimated rate.
  double queue_seconds(std::size_t more = 0) const {
    const double r = rate_estimate();
    if (r <= 0) return 0;
    const double excess = static_cast<double>(flight.in_flight() + more) - r * seconds(rtt_minimum());
    return excess > 0 ? excess / r : 0;
  }
  static double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

  /// Without progress for this long it is suspected.
  duration patience() const {
    using std::chrono::milliseconds;
    if (!rtt.known()) return std::max<duration>(std::chrono::seconds(1), 3 * path.srtt);
    // Twice the time of the frame that is waited for; not much, since a bridge that carries little only seems to be
    // slow.
    const double bytes = flight.empty() ? 0 : static_cast<double>(flight.oldest().stream_bytes());
    const double frame_seconds = rate.rate() > 0 ? std::min(2 * bytes / rate.rate(), 2.0) : 0;
    const duration frame(static_cast<std::int64_t>(frame_seconds * 1e9));
    return std::max<duration>({3 * rtt.smoothed(), rtt.smoothed() + 4 * rtt.variation(), milliseconds(300), frame});
  }
  /// How late an acknowledgement may be before the frame is sent again elsewhere. Not half of the smoothed round trip:
  /// that one grows on the very path whose frames are wanted elsewhere.
  /// Stream bytes may also wait in the kernel's buffer, which control frames find empty.
  duration grace(const sent_frame& f) const {
    using std::chrono::milliseconds;
    const duration usual = std::min<duration>(4 * rtt.variation(), milliseconds(60));
    const duration unsent = f.segment() != nullptr ? 2 * time_of(slack()) : duration::zero();
    return std::max<duration>({rtt.minimum() / 2, milliseconds(30), usual}) + unsent;
  }
  bool overdue(const sent_frame& f, timestamp now) const { return now > f.due + grace(f); }
  /// For how many seconds its oldest frame has been overdue, beyond that grace; it may have fallen silent.
  double overdue_seconds(timestamp now) const {
    if (flight.empty() || !overdue(flight.oldest(), now)) return 0;
    return seconds(now - flight.oldest().due);
  }
  /// How long the bridge takes for so many bytes, at the best rate seen lately.
  duration time_of(std::size_t bytes) const {
    const double r = rate.rate();
    return r > 0 ? duration(static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / r)) : duration::zero();
  }
};

/// A bridge that is gone, until both ends know what arrived over it.
struct lost_bridge {
  std::uint64_t taken = 0;  ///< what this end took: the peer must be told
  bridge_flight flight;     ///< what the peer may have taken: late acknowledgements still count
  control_slot notice;      ///< our BRIDGE_CLOSED
  bool peer_told = false;   ///< the peer's count has arrived
  bool settled() const { return peer_told && notice.acked; }
};

}  // namespace mtcp::core
