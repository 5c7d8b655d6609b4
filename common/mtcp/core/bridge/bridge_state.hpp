// One bridge as the engine keeps it: what is in flight on it, what was taken from it, what is known of its path.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/bridge_options.hpp"
#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/core/bridge/carry_budget.hpp"
#include "mtcp/core/bridge/flight.hpp"
#include "mtcp/core/bridge/heartbeat.hpp"
#include "mtcp/core/bridge/path_model.hpp"
#include "mtcp/core/bridge/progress_watch.hpp"
#include "mtcp/core/bridge/receipt.hpp"

namespace mtcp::core {

struct bridge_state {
  /// A control frame never takes more: OPEN with a name of 255 bytes.
  static constexpr std::size_t control_room = 320;
  static constexpr std::uint64_t young_bytes = 16 * 1024;

  bridge_id id = 0;
  bridge_options options;
  timestamp up_since{0};
  path_model path;
  bridge_flight flight;
  receipt received;
  progress_watch progress;
  heartbeat beat;
  token_bucket limiter{0, 0};
  carry_budget budget;                    ///< of what this end sends
  carry_budget peers_budget;              ///< of what the peer sends, as far as that is seen here
  ack_copy acks_wanted = ack_copy::none;  ///< the ACKs that this bridge is to carry
  bool sidelined = false;                 ///< suspect, and there are others
  bool usable = false;                    ///< may carry stream bytes
  bool path_wanted = false;               ///< a PATH is to tell what it is for now
  std::uint64_t retransmitted_bytes = 0;  ///< stream bytes that were sent again elsewhere since it was late or lost

  void set_options(const bridge_options& changed) {
    const bridge_budget before = options.budget;
    const auto limit = static_cast<double>(changed.rate_limit);
    if (changed.rate_limit != options.rate_limit) limiter = token_bucket(limit, std::max(limit * 0.01, 32.0 * 1024));
    path.set_rate_limit(changed.rate_limit);
    options = changed;
    options.budget = before;
  }

  /// Once, before anything is sent.
  void set_budget(const bridge_budget& agreed, role mine) {
    options.budget = agreed;
    budget.limit(mine == role::client ? agreed.up : agreed.down);
    peers_budget.limit(mine == role::client ? agreed.down : agreed.up);
  }

  void on_tcp_info(const tcp_info& info, timestamp now) {
    if (!flight.empty()) progress.on_tcp(info.acknowledged, flight.rest_of_oldest(), now);
    path.on_tcp_info(info, now);
  }

  /// A frame of this bridge itself waits to be sent, or a frame has to be answered.
  bool has_to_say() const { return acks_wanted != ack_copy::none || path_wanted || beat.has_to_say(); }
  /// The first bytes of a bridge with a budget travel in small frames and records: if the network freezes it after them
  /// all the same, fewer are lost that had nearly arrived.
  bool young() const { return budget.limited() && flight.sent() < young_bytes; }
  /// Frames of stream bytes are not cut smaller than this because little room is left. Where no room comes back, every
  /// byte counts.
  std::size_t min_segment() const { return budget.limited() ? 1024 : 4 * 1024; }
  /// Its budget has room for stream bytes.
  bool can_carry() const { return budget.left_for_data() >= min_segment() + 64; }
  /// It is of no more use to one of the ends. Of the peer's records a few may be counted too few here.
  bool worn_out() const {
    constexpr std::size_t vague = 512;
    return !can_carry() || peers_budget.left_for_data() < 1024 + 64 + vague;
  }
  /// Nothing goes out any more: the next frame might exceed its budget.
  bool spent() const { return budget.left() < control_room; }
  bool over_its_rate() const { return options.rate_limit > 0 && limiter.empty(); }

  /// Bytes that may be sent now within a limit of what is in flight.
  std::uint64_t room_within(std::uint64_t limit) const { return limit - std::min(limit, flight.in_flight()); }
  std::uint64_t room() const { return room_within(path.cap()); }
  /// Seconds until what is in flight, and `more` bytes, have left.
  double queue_seconds(std::size_t more = 0) const { return path.queue_seconds(flight.in_flight() + more); }

  /// Since when an answer of the peer is due: an acknowledgement or a PONG. Empty if none is.
  std::optional<timestamp> waits_since() const {
    return flight.empty() ? beat.unanswered_since() : flight.oldest().mark.sent;
  }
  /// For how long nothing of what is waited for has arrived.
  duration stalled_for(timestamp now) const {
    const auto since = waits_since();
    return since ? now - progress.without_since(*since, path.probing_at()) : duration::zero();
  }
  duration patience() const { return path.patience(flight.empty() ? 0 : flight.oldest().stream_bytes()); }
  /// When to suspect it, if nothing arrives until then.
  timestamp progress_deadline() const {
    const auto since = waits_since();
    if (!since || progress.suspected()) return timestamp::max();
    return progress.without_since(*since, path.probing_at()) + patience();
  }
  /// When to ask whether it lives, or to give it up since no answer came.
  timestamp liveness_deadline() const {
    return beat.deadline({.taken = received.taken(),
                          .only_receives = flight.empty(),
                          .round_trip = path.rtt().known() ? path.rtt().smoothed() : duration::zero(),
                          .measured_at = std::max(path.rtt().sampled_at(), up_since),
                          .heard_at = received.heard_at()});
  }

  /// When a frame is late enough for another bridge to carry a copy.
  timestamp late_at(const sent_frame& f) const { return f.due + path.grace(f.segment() != nullptr); }
  bool overdue(const sent_frame& f, timestamp now) const { return now > late_at(f); }
  /// For how many seconds its oldest frame has been overdue, beyond that grace; it may have fallen silent.
  double overdue_seconds(timestamp now) const {
    if (flight.empty() || !overdue(flight.oldest(), now)) return 0;
    return path_model::seconds(now - flight.oldest().due);
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
