// One bridge as the engine keeps it: what is in flight on it, what was taken from it, what is known of its path.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/bridge_options.hpp"
#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/core/bridge/flight.hpp"
#include "mtcp/core/bridge/heartbeat.hpp"
#include "mtcp/core/bridge/path_model.hpp"
#include "mtcp/core/bridge/progress_watch.hpp"
#include "mtcp/core/bridge/receipt.hpp"

namespace mtcp::core {

struct bridge_state {
  bridge_id id = 0;
  bridge_options options;
  timestamp up_since{0};
  path_model path;
  bridge_flight flight;
  receipt received;
  progress_watch progress;
  heartbeat beat;
  token_bucket limiter{0, 0};
  ack_copy acks_wanted = ack_copy::none;  ///< the ACKs that this bridge is to carry
  bool sidelined = false;                 ///< suspect, and there are others
  bool usable = false;                    ///< may carry stream bytes
  bool path_wanted = false;               ///< a PATH is to tell what it is for now
  std::uint64_t retransmitted_bytes = 0;  ///< stream bytes that were sent again elsewhere since it was late or lost

  void set_options(const bridge_options& changed) {
    const auto limit = static_cast<double>(changed.rate_limit);
    if (changed.rate_limit != options.rate_limit) limiter = token_bucket(limit, std::max(limit * 0.01, 32.0 * 1024));
    path.set_rate_limit(changed.rate_limit);
    options = changed;
  }

  void on_tcp_info(const tcp_info& info, timestamp now) {
    if (!flight.empty()) progress.on_tcp(info.acknowledged, flight.rest_of_oldest(), now);
    path.on_tcp_info(info, now);
  }

  /// A frame of this bridge itself waits to be sent, or a frame has to be answered.
  bool has_to_say() const { return acks_wanted != ack_copy::none || path_wanted || beat.has_to_say(); }
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
