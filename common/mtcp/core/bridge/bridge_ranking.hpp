// Which bridge a byte should take: estimates of when each would deliver, kept from one round of sending to the next.
#pragma once

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
  /// Whether a few bytes should leave on this bridge, or rather wait for a quicker one. Stream bytes may not take every
  /// bridge that control frames may.
  bool good_for_little(const bridge_state& b, bool of_streams, timestamp now) const;

 private:
  int reluctance(const bridge_state& b) const;
  double delay_of(const bridge_state& b) const;
  double likely_delay(const bridge_state& b, timestamp last_heard, timestamp now) const;

  bridge_options::direction mine_;
  std::vector<ranked_bridge> ranks_;
  std::vector<bridge_id> order_;
  duration fastest_rtt_{0};
  mutable std::vector<bridge_estimate> others_;  // scratch of may_take()
};

}  // namespace mtcp::core
