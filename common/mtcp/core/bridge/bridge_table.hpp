// The bridges of a tunnel: those that live, and those that are gone until both ends know what arrived over them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "mtcp/core/base/range_set.hpp"
#include "mtcp/core/bridge/bridge_state.hpp"

namespace mtcp::core {

class bridge_table {
 public:
  using live_bridges = std::map<bridge_id, bridge_state>;
  using lost_bridges = std::map<bridge_id, lost_bridge>;

  live_bridges& live() { return live_; }
  const live_bridges& live() const { return live_; }
  const lost_bridges& lost() const { return lost_; }

  bridge_state* find(bridge_id id) {
    const auto it = live_.find(id);
    return it == live_.end() ? nullptr : &it->second;
  }
  const bridge_state* find(bridge_id id) const { return const_cast<bridge_table*>(this)->find(id); }
  lost_bridge* find_lost(bridge_id id) {
    const auto it = lost_.find(id);
    return it == lost_.end() ? nullptr : &it->second;
  }

  /// Adds a bridge that comes up. Returns null if its id was used before: ids are never used again.
  bridge_state* add(bridge_id id) {
    if (!known_.insert(id)) return nullptr;
    bridge_state& made = live_[id];
    made.id = id;
    return &made;
  }
  /// A live bridge is gone.
  lost_bridge& lose(bridge_id id) {
    bridge_state& live = live_.at(id);
    lost_bridge& gone = lost_[id];
    gone.taken = live.received.taken();
    gone.flight = std::move(live.flight);
    live_.erase(id);
    return gone;
  }
  /// Adds a bridge that the peer has lost and that never came up here. Returns null if it did, or if it was named
  /// before.
  lost_bridge* add_unseen(bridge_id id) {
    if (!known_.insert(id)) return nullptr;
    return &lost_[id];
  }
  /// The id was used: by a bridge that came up, or by one whose end the peer has told.
  bool knows(bridge_id id) const { return known_.contains(id); }
  void forget_if_settled(bridge_id id) {
    const auto gone = lost_.find(id);
    if (gone != lost_.end() && gone->second.settled()) lost_.erase(gone);
  }

  /// More are not settled than an honest peer would leave.
  bool too_many_lost() const { return lost_.size() > max_lost; }
  /// The same of gaps between their ids.
  bool too_many_gaps() const { return known_.range_count() > max_lost; }
  std::size_t id_ranges() const { return known_.range_count(); }

  /// How late messages lately were on a path: what is known of the best of its bridges, for another one that comes up.
  lateness lateness_on(std::uint64_t path, timestamp now) const {
    const lateness* best = nullptr;
    for (const auto& [id, b] : live_) {
      if (b.options.path != path) continue;
      if (best == nullptr || b.late.seconds(now) < best->seconds(now)) best = &b.late;
    }
    return best == nullptr ? lateness{} : *best;
  }

  /// How long round trips of a path usually are, as the fastest of its bridges has found it; 0 if none has.
  duration usual_rtt_on(std::uint64_t path) const {
    double best = 0;
    duration usual{0};
    for (const auto& [id, b] : live_) {
      if (b.options.path != path || !b.path.usual_is_longer() || b.path.settled_rate() <= best) continue;
      best = b.path.settled_rate();
      usual = b.path.rtt_found();
    }
    return usual;
  }

  /// Whether bulk is better off without the bridges of a path: what is known of all of them, for another one that comes
  /// up.
  second_chance chance_on(std::uint64_t path) const {
    second_chance known;
    for (const auto& [id, b] : live_) {
      if (b.options.path != path) continue;
      if (!b.chance.waits()) return {};
      known = b.chance;
    }
    return known;
  }
  /// A bridge that bulk is better off without is tried all the same. The others of its path wait for what becomes of
  /// it.
  void on_trial(bridge_state& one, timestamp now) {
    for (auto& [id, b] : live_)
      if (b.options.path == one.options.path && b.chance.waits()) b.chance.on_trial(&b == &one, now);
    one.begin_trial();
  }
  /// A bridge has become better: perhaps all of its path have.
  void on_recovered(const bridge_state& one) {
    for (auto& [id, b] : live_)
      if (b.options.path == one.options.path && b.chance.on_help()) b.begin_trial();
  }

  /// When the latest of all acknowledged frames was sent.
  timestamp newest_acked_sent() const { return newest_acked_sent_; }
  void on_acked(timestamp sent) { newest_acked_sent_ = std::max(newest_acked_sent_, sent); }

  /// The longest round trip without queues. The sender's caps do not count queues either; and a queue that this end
  /// makes by reading slowly must not raise the window, which would let it grow further.
  duration rtt_maximum() const {
    duration most{0};
    for (const auto& [id, b] : live_) most = std::max(most, b.path.rtt_minimum());
    return most;
  }

 private:
  static constexpr std::size_t max_lost = 4096;

  live_bridges live_;
  lost_bridges lost_;
  range_set known_;
  timestamp newest_acked_sent_{0};
};

}  // namespace mtcp::core
