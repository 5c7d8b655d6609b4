// Which bridge a byte should take: estimates of when each would deliver, kept from one round of sending to the next.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "mtcp/core/bridge/bridge_table.hpp"
#include "mtcp/core/bridge/earliest_completion.hpp"

namespace mtcp::core {

struct ranked_bridge {
  bridge_state* bridge;
  bridge_estimate estimate;
};

class bridge_ranking {
 public:
  explicit bridge_ranking(role mine)
      : mine_(mine == role::client ? bridge_options::direction::up : bridge_options::direction::down) {}

  /// Whether bridges of that role carry stream bytes beside active ones, which always do.
  void admit(path_role role, bool on) { admitted_[static_cast<std::size_t>(role)] = on; }
  bool admits(path_role role) const { return admitted_[static_cast<std::size_t>(role)]; }

  /// Decides what each bridge may carry and sorts them by the time at which they would deliver: those that may take
  /// stream bytes first. A suspect bridge gets nothing new while there is another one. To be done again whenever a
  /// bridge comes or goes: the ranking points to bridges.
  void rank(bridge_table& bridges);
  /// The bridge has more in flight after sending, and moves back in the order.
  void rerank(bridge_state& b);

  /// Soonest delivery first.
  std::span<const ranked_bridge> ranks() const { return ranks_; }
  std::span<const bridge_id> order();

  /// The bridge as the rule of completion times sees it.
  bridge_estimate estimate_of(const bridge_state& b) const;
  /// Whether the bridge should take bytes of a backlog, or leave them to those that are ahead of it.
  bool may_take(const bridge_state& b, double backlog) const;
  /// Finds the bridges that bulk is better off without, by what is known of them for longer; never all of them. To be
  /// called after rank().
  void find_hindrances(timestamp now);
  /// Bytes per second of the usable bridges that do not merely help.
  double active_rate() const;
  /// Whether a few bytes should leave on this bridge, or rather wait for a quicker one. Stream bytes may not take every
  /// bridge that control frames may.
  bool good_for_little(const bridge_state& b, bool of_streams, timestamp now) const;
  /// Whether a few stream bytes that were sent on one path should leave on this bridge as well.
  bool good_for_copy(const bridge_state& b, std::uint64_t sent_on_path, timestamp now) const;
  /// There is a bridge for that.
  bool has_other_path(std::uint64_t path) const;

 private:
  int reluctance(const bridge_state& b) const;
  double delay_of(const bridge_state& b) const;
  double way_of(const bridge_state& b) const;
  bridge_estimate full_estimate_of(const bridge_state& b) const;
  bool hinders(const bridge_state& b) const;
  template <class Eligible>
  bool among_quickest(const bridge_state& b, timestamp now, Eligible eligible) const;
  double likely_delay(const bridge_state& b, timestamp last_heard, timestamp now) const;

  bridge_options::direction mine_;
  std::array<bool, path_roles> admitted_{true};
  std::vector<ranked_bridge> ranks_;
  std::vector<bridge_id> order_;
  duration fastest_rtt_{0};
  timestamp hindrances_found_{0};
  mutable std::vector<bridge_estimate> others_;  // scratch of may_take() and hinders()
};

}  // namespace mtcp::core
