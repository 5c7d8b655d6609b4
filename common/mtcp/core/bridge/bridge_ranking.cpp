#include "mtcp/core/bridge/bridge_ranking.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <tuple>
#include <utility>

namespace mtcp::core {
namespace {

// How often hindrances are looked for: every bridge is compared with every other one.
constexpr duration hindrance_look = std::chrono::milliseconds(5);

// Bridges whose estimates differ by less than this, in seconds, count as equal for a small frame.
constexpr double small_difference = 0.003;

// When another bridge was heard from and this one was not for the first of these times, the second is added to its
// estimate, in seconds.
constexpr duration quiet_time = std::chrono::milliseconds(50);
constexpr double doubt = 0.010;

// What helps comes behind those whom it helps: it is for what they leave.
bool ranks_before(const ranked_bridge& a, const ranked_bridge& b) {
  const auto key = [](const ranked_bridge& r) {
    return std::tuple(!r.bridge->usable, r.bridge->helps, r.estimate.eta);
  };
  return key(a) < key(b);
}

}  // namespace

// Stream bytes take the bridges with the lowest value: backups only while there is no active bridge or they are
// admitted, bridges for the other direction only while there is none for this one. Bytes that no bridge may carry would
// wait for ever, and nobody would see why.
int bridge_ranking::reluctance(const bridge_state& b) const {
  const bool allowed = b.options.carries == bridge_options::direction::both || b.options.carries == mine_;
  return (allowed ? 0 : 2) + (admits(b.options.role) ? 0 : 1);
}

void bridge_ranking::rank(bridge_table& bridges) {
  const bool any_trusted = std::ranges::any_of(
      bridges.live(), [](const auto& b) { return !b.second.progress.suspected() && !b.second.spent(); });
  int least = std::numeric_limits<int>::max();
  bool any_active = false;
  fastest_rtt_ = duration::max();
  for (auto& [id, b] : bridges.live()) {
    b.sidelined = b.progress.suspected() && any_trusted;
    if (!b.sidelined && b.can_carry()) least = std::min(least, reluctance(b));
    if (b.path.rtt_minimum() > duration::zero()) fastest_rtt_ = std::min(fastest_rtt_, b.path.rtt_minimum());
  }
  for (auto& [id, b] : bridges.live()) {
    b.usable = !b.sidelined && b.can_carry() && reluctance(b) == least;
    any_active = any_active || (b.usable && b.options.role == path_role::active);
  }
  ranks_.clear();
  for (auto& [id, b] : bridges.live()) {
    const bool overflow = b.options.role == path_role::overflow;
    b.helps = b.usable && any_active && b.options.role != path_role::active;
    b.spared = !b.usable && overflow && any_active;
    ranks_.push_back({&b, estimate_of(b)});
  }
  std::sort(ranks_.begin(), ranks_.end(), ranks_before);
}

std::span<const bridge_id> bridge_ranking::order() {
  order_.clear();
  for (const ranked_bridge& r : ranks_) order_.push_back(r.bridge->id);
  return order_;
}

void bridge_ranking::rerank(bridge_state& b) {
  auto it = std::find_if(ranks_.begin(), ranks_.end(), [&](const ranked_bridge& r) { return r.bridge == &b; });
  if (it == ranks_.end()) return;
  it->estimate = estimate_of(b);
  for (; it + 1 != ranks_.end() && ranks_before(it[1], it[0]); ++it) std::swap(it[0], it[1]);
}

// Acknowledgements return on the fastest bridge, so the way there takes rtt - rtt_fastest / 2; and what is handed over
// at once takes its own time, which counts on a slow bridge. What the kernel's window takes of a bridge that has not
// shown yet what it can do leaves without waiting: only so does the window grow.
bridge_estimate bridge_ranking::estimate_of(const bridge_state& b) const {
  const double rate = b.path.rate_estimate();
  if (rate <= 0) return {rate, delay_of(b)};
  const std::size_t chunk = b.path.slack();
  const double first =
      b.path.rate_is_proven() ? static_cast<double>(chunk) / rate : b.queue_seconds(chunk) - b.queue_seconds();
  return {rate, delay_of(b) + first};
}

// Seconds until a few bytes that are handed over now have arrived.
double bridge_ranking::delay_of(const bridge_state& b) const { return b.queue_seconds() + way_of(b); }

// The same where nothing waits.
double bridge_ranking::way_of(const bridge_state& b) const {
  const duration rtt = b.path.rtt_minimum();
  return path_model::seconds(rtt - std::min(rtt, fastest_rtt_) / 2);
}

bool bridge_ranking::may_take(const bridge_state& b, double backlog) const {
  const bridge_estimate mine = estimate_of(b);
  if (mine.rate <= 0) return true;  // never measured: the only way to know it is to use it
  // Only bridges that are ahead of it are compared: otherwise two equal bridges would leave the data to each other for
  // ever.
  others_.clear();
  for (const ranked_bridge& r : ranks_) {
    if (r.bridge == &b) break;
    if (r.bridge->usable) others_.push_back(r.estimate);
  }
  if (b.helps) std::ranges::sort(others_, {}, &bridge_estimate::eta);
  return worth_using(mine, others_, backlog);
}

void bridge_ranking::find_hindrances(timestamp now) {
  if (now - hindrances_found_ < hindrance_look) return;
  hindrances_found_ = now;
  for (const ranked_bridge& r : ranks_) r.bridge->hinders = hinders(*r.bridge);
}

// What it can carry, as far as that is known. Of one that was found to hinder only what it has carried counts: while it
// is not used its window and its round trip look well.
bridge_estimate bridge_ranking::full_estimate_of(const bridge_state& b) const {
  const double carried = b.path.settled() ? b.path.settled_rate() : b.path.best_rate();
  const double rate = b.chance.waits() ? carried : std::max(carried, b.path.window_rate());
  const double first = rate > 0 ? static_cast<double>(b.path.slack()) / rate : 0;
  return {rate, way_of(b) + first};
}

// A bridge is compared with those that could do its part: an active one is not put off since backups are quicker. Of
// one that has only just come up as much is known as of the others of its path.
bool bridge_ranking::hinders(const bridge_state& b) const {
  if (b.path.settled() && b.path.tcp().probing) return b.hinders;
  others_.clear();
  bool any_known = false;
  for (const ranked_bridge& r : ranks_) {
    if (r.bridge == &b || !r.bridge->usable || r.bridge->helps > b.helps) continue;
    others_.push_back(full_estimate_of(*r.bridge));
    any_known = any_known || r.bridge->path.settled();
  }
  if (!b.path.settled()) return b.chance.waits() && any_known;
  return core::hinders(full_estimate_of(b), others_);
}

double bridge_ranking::active_rate() const {
  double sum = 0;
  for (const ranked_bridge& r : ranks_)
    if (r.bridge->usable && !r.bridge->helps) sum += r.estimate.rate;
  return sum;
}

// Seconds until a few bytes would be there as far as one can know: a bridge whose frames are overdue, or that was not
// heard from when others were, looks quick since little is in flight on it, and may be dead. One whose messages lately
// came late looks no worse than others, and its next one may.
double bridge_ranking::likely_delay(const bridge_state& b, timestamp last_heard, timestamp now) const {
  const bool quiet = last_heard - b.received.heard_at() > std::max(b.path.rtt_minimum(), quiet_time);
  return delay_of(b) + b.overdue_seconds(now) + b.late.seconds(now) + (quiet ? doubt : 0);
}

bool bridge_ranking::good_for_little(const bridge_state& b, bool of_streams, timestamp now) const {
  return among_quickest(b, now, [&](const bridge_state& o) {
    return of_streams ? o.usable && !o.helps_with_bulk_only() && o.can_carry()
                      : !o.sidelined && !o.spent() && !o.spared_at(now);
  });
}

namespace {

// What a backup path carries may cost money: it is not usable while there is an active one.
bool may_take_copy(const bridge_state& b, std::uint64_t sent_on_path) {
  return b.options.path != sent_on_path && b.usable && !b.helps_with_bulk_only() && b.can_carry() &&
         !b.options.metered && !b.budget.limited() && !b.over_its_rate();
}

}  // namespace

bool bridge_ranking::good_for_copy(const bridge_state& b, std::uint64_t sent_on_path, timestamp now) const {
  return among_quickest(b, now, [&](const bridge_state& o) { return may_take_copy(o, sent_on_path); });
}

bool bridge_ranking::has_other_path(std::uint64_t path) const {
  return std::ranges::any_of(ranks_, [&](const ranked_bridge& r) { return may_take_copy(*r.bridge, path); });
}

template <class Eligible>
bool bridge_ranking::among_quickest(const bridge_state& b, timestamp now, Eligible eligible) const {
  if (!eligible(b)) return false;
  timestamp last_heard{0};
  for (const ranked_bridge& r : ranks_) {
    if (eligible(*r.bridge)) last_heard = std::max(last_heard, r.bridge->received.heard_at());
  }
  double best = std::numeric_limits<double>::infinity();
  for (const ranked_bridge& r : ranks_) {
    if (eligible(*r.bridge)) best = std::min(best, likely_delay(*r.bridge, last_heard, now));
  }
  return likely_delay(b, last_heard, now) <= best + small_difference;
}

}  // namespace mtcp::core
