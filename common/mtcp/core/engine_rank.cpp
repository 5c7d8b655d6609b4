// Which bridge a byte should take: estimates of when each would deliver, kept from one round of sending to the next.
#include <algorithm>
#include <chrono>
#include <limits>

#include "mtcp/core/engine_impl.hpp"

namespace mtcp::core {
namespace {

// Bridges whose estimates differ by less, in seconds, are equally good for a frame that is small.
constexpr double small_difference = 0.003;

// A bridge that was not heard from for so long when another one was is so much less trusted, in seconds.
constexpr duration quiet_time = std::chrono::milliseconds(50);
constexpr double doubt = 0.010;

}  // namespace

std::span<const bridge_id> engine::transmit_order(timestamp now) {
  impl_->order.clear();
  if (!impl_->worth_a_round(now)) return {};
  impl_->rank_bridges();
  for (const ranked_bridge& r : impl_->ranks) impl_->order.push_back(r.bridge->id);
  return impl_->order;
}

bool engine::impl::direction_allows(const bridge_state& b) const {
  using direction = bridge_options::direction;
  const direction mine = my_role == role::client ? direction::up : direction::down;
  return b.options.carries == direction::both || b.options.carries == mine;
}

// Stream bytes take the bridges with the least of it: backups only while no active bridge is there, those meant for the
// other direction only while there is none for this one. What nothing could carry would wait without any sign.
int engine::impl::reluctance(const bridge_state& b) const {
  return (direction_allows(b) ? 0 : 2) + (b.options.backup ? 1 : 0);
}

// Decides what each bridge may carry and sorts them by the time at which they would deliver: those that may take stream
// bytes first. A suspect bridge gets nothing new while there is another one.
void engine::impl::rank_bridges() {
  const bool any_trusted = std::any_of(bridges.begin(), bridges.end(), [](const auto& b) { return !b.second.suspect; });
  int least = std::numeric_limits<int>::max();
  fastest_rtt = duration::max();
  for (auto& [id, b] : bridges) {
    b.sidelined = b.suspect && any_trusted;
    if (!b.sidelined) least = std::min(least, reluctance(b));
    if (b.rtt_minimum() > duration::zero()) fastest_rtt = std::min(fastest_rtt, b.rtt_minimum());
  }
  ranks.clear();
  for (auto& [id, b] : bridges) {
    b.usable = !b.sidelined && reluctance(b) == least;
    ranks.push_back({&b, lane_of(b)});
  }
  std::sort(ranks.begin(), ranks.end(), ranks_before);
}

bool engine::impl::ranks_before(const ranked_bridge& a, const ranked_bridge& b) {
  return std::pair(!a.bridge->usable, a.path.eta) < std::pair(!b.bridge->usable, b.path.eta);
}

// After sending: the bridge has more in flight, and moves back in the order.
void engine::impl::rerank(bridge_state& b) {
  auto it = std::find_if(ranks.begin(), ranks.end(), [&](const ranked_bridge& r) { return r.bridge == &b; });
  if (it == ranks.end()) return;
  it->path = lane_of(b);
  for (; it + 1 != ranks.end() && ranks_before(it[1], it[0]); ++it) std::swap(it[0], it[1]);
}

// Acknowledgements return on the fastest bridge, so the way there takes rtt - rtt_fastest / 2; and what is handed over
// at once takes its own time, which counts on a slow bridge. What the kernel's window takes of a bridge that has not
// shown yet what it can do leaves without waiting: only so does the window grow.
lane engine::impl::lane_of(const bridge_state& b) const {
  const double rate = b.rate_estimate();
  if (rate <= 0) return {rate, delay_of(b)};
  const std::size_t chunk = b.slack();
  const double first =
      b.rate_is_proven ? static_cast<double>(chunk) / rate : b.queue_seconds(chunk) - b.queue_seconds();
  return {rate, delay_of(b) + first};
}

// Seconds until a few bytes that are handed over now are there.
double engine::impl::delay_of(const bridge_state& b) const {
  const duration rtt = b.rtt_minimum();
  const duration back = std::min(rtt, fastest_rtt) / 2;
  return b.queue_seconds() + bridge_state::seconds(rtt - back);
}

bool engine::impl::may_take(const bridge_state& b, double backlog) const {
  const lane mine = lane_of(b);
  if (mine.rate <= 0) return true;  // never measured: the only way to know it is to use it
  // Only those that are ahead of it: two bridges that are alike would else leave the data to each other, for ever.
  others.clear();
  for (const ranked_bridge& r : ranks) {
    if (r.bridge == &b) break;
    if (r.bridge->usable) others.push_back(r.path);
  }
  return worth_using(mine, others, backlog);
}

// Seconds until a few bytes would be there as far as one can know: a bridge whose frames are overdue, or that was not
// heard from when others were, looks quick since little is in flight on it, and may be dead.
double engine::impl::likely_delay(const bridge_state& b, timestamp last_heard, timestamp now) const {
  const bool quiet = last_heard - b.heard_at > std::max(b.rtt_minimum(), quiet_time);
  return delay_of(b) + b.overdue_seconds(now) + (quiet ? doubt : 0);
}

// Whether a few bytes should leave on this bridge, or rather wait for a quicker one. Stream bytes may not take every
// bridge that control frames may.
bool engine::impl::good_for_little(const bridge_state& b, bool of_streams, timestamp now) const {
  const auto eligible = [&](const bridge_state& o) { return of_streams ? o.usable : !o.sidelined; };
  if (!eligible(b)) return false;
  timestamp last_heard{0};
  for (const ranked_bridge& r : ranks) {
    if (eligible(*r.bridge)) last_heard = std::max(last_heard, r.bridge->heard_at);
  }
  double best = std::numeric_limits<double>::infinity();
  for (const ranked_bridge& r : ranks) {
    if (eligible(*r.bridge)) best = std::min(best, likely_delay(*r.bridge, last_heard, now));
  }
  return likely_delay(b, last_heard, now) <= best + small_difference;
}

}  // namespace mtcp::core
