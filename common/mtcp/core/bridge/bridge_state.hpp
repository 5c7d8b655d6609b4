// One bridge as the engine keeps it: what is in flight on it, what was taken from it, what is known of its path.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/bridge_options.hpp"
#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/core/bridge/carry_budget.hpp"
#include "mtcp/core/bridge/flight.hpp"
#include "mtcp/core/bridge/heartbeat.hpp"
#include "mtcp/core/bridge/lateness.hpp"
#include "mtcp/core/bridge/path_model.hpp"
#include "mtcp/core/bridge/progress_watch.hpp"
#include "mtcp/core/bridge/receipt.hpp"
#include "mtcp/core/bridge/restraint_log.hpp"
#include "mtcp/core/bridge/second_chance.hpp"

namespace mtcp::core {

/// What the search for a better cap keeps of a bridge (cap_search.hpp).
struct cap_trial {
  bool member = false;                 ///< it takes part
  std::uint64_t delivered_before = 0;  ///< bytes acknowledged when this measurement began
  duration rtt_before{0};              ///< before it was given more
};

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
  lateness late;         ///< of single messages
  second_chance chance;  ///< of a bridge that bulk is better without
  token_bucket limiter{0, 0};
  carry_budget budget;                    ///< of what this end sends
  carry_budget peers_budget;              ///< of what the peer sends, as far as that is seen here
  ack_copy acks_wanted = ack_copy::none;  ///< the ACKs that this bridge is to carry
  bool sidelined = false;                 ///< suspect, and there are others
  bool usable = false;                    ///< may carry stream bytes
  bool helps = false;                     ///< usable beside active bridges, for what these cannot carry
  bool spared = false;                    ///< of an overflow path that rests: other bridges can do the same for less
  bool hinders = false;                   ///< bulk is better off without it
  cap_trial trial;
  restraint_log restraints;               ///< what keeps it from bulk
  timestamp data_at{0};                   ///< when stream bytes last arrived on it
  bool path_wanted = false;               ///< a PATH is to tell what it is for now
  std::uint64_t retransmitted_bytes = 0;  ///< stream bytes that were sent again elsewhere since it was late or lost

  void set_options(const bridge_options& changed) {
    const bridge_options before = options;
    const auto limit = static_cast<double>(changed.rate_limit);
    if (changed.rate_limit != options.rate_limit) limiter = token_bucket(limit, std::max(limit * 0.01, 32.0 * 1024));
    path.set_rate_limit(changed.rate_limit);
    options = changed;
    options.budget = before.budget;
    options.path = before.path;
    options.roles_agreed = before.roles_agreed;
  }

  /// Once, before anything is sent.
  void begin(const bridge_options& agreed, role mine) {
    set_options(agreed);
    options = agreed;
    budget.limit(mine == role::client ? agreed.budget.up : agreed.budget.down);
    peers_budget.limit(mine == role::client ? agreed.budget.down : agreed.budget.up);
  }

  void on_tcp_info(const tcp_info& info, timestamp now) {
    if (!flight.empty()) progress.on_tcp(info.acknowledged, flight.rest_of_oldest(), now);
    received.on_tcp(info.received, now);
    path.on_tcp_info(info, flight.in_flight(), now);
  }

  /// Bulk was better off without it. What it can carry is to be found out anew.
  void begin_trial() {
    path.start_over();
    hinders = false;
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
  /// It costs money, and carries nothing but bulk, and that only while active bridges are full.
  bool helps_with_bulk_only() const { return helps && options.role == path_role::overflow; }
  /// One of the ends has taken it out of use, perhaps since it has faded. What is in flight on it is all that there
  /// will be, so copies of it need no allowance.
  bool gets_no_more() const { return options.role == path_role::never; }
  /// Carries no acknowledgements and control frames either, as long as another one does. But one that the peer uses is
  /// used for them too: perhaps nothing comes through on the others.
  bool spared_at(timestamp now) const { return spared && now - received.heard_at() > std::chrono::seconds(1); }
  /// The peer sends stream bytes on it.
  bool brings_data(timestamp now) const { return data_at != timestamp{0} && now - data_at < std::chrono::seconds(1); }
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
  /// A PONG waits behind what the peer has sent before; as long as that arrives, the peer's TCP hears from this one.
  timestamp without_since(timestamp sent) const {
    const timestamp since = progress.without_since(sent, path.probing_at());
    return flight.empty() ? std::max(since, received.tcp_heard_at()) : since;
  }
  /// For how long nothing of what is waited for has arrived.
  duration stalled_for(timestamp now) const {
    const auto since = waits_since();
    return since ? now - without_since(*since) : duration::zero();
  }
  duration patience() const { return path.patience(flight.empty() ? 0 : flight.oldest().stream_bytes()); }
  /// When to suspect it, if nothing arrives until then.
  timestamp progress_deadline() const {
    const auto since = waits_since();
    if (!since || progress.suspected()) return timestamp::max();
    return without_since(*since) + patience();
  }
  /// When to ask whether it lives, or to give it up since no answer came.
  timestamp liveness_deadline() const {
    return beat.deadline({.taken = received.taken(),
                          .only_receives = flight.empty(),
                          .round_trip = path.rtt().known() ? path.rtt().smoothed() : duration::zero(),
                          .measured_at = std::max(path.rtt().sampled_at(), up_since),
                          .heard_at = received.heard_at()});
  }

  /// What it can carry is known, and bulk is not better off without it.
  bool is_known_to_help() const { return path.settled() && !hinders; }

  /// When a frame is late enough for another bridge to carry a copy.
  timestamp late_at(const sent_frame& f) const { return f.due + path.grace(f.segment() != nullptr, f.alone); }
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
