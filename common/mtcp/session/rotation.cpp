#include "mtcp/session/rotation.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "mtcp/session/agreement.hpp"

namespace mtcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A bridge that delivers less than this part of its best is doubted. A line whose rate halves for all stays above it.
constexpr double faded_share = 0.4;
// Only while the path as a whole carries less than this part of the best that it has carried lately, in seconds.
constexpr double missing_share = 0.8;
constexpr double memory = 30;
// A successor that delivers so many times as much, so that the path as a whole delivers so much more, shows that the
// old one has faded.
constexpr double much_better = 2;
constexpr double worth_it = 1.15;
// Bytes per second that are worth the trouble.
constexpr double little = 100'000;
// TCP may need this long to recover from losses: until then nothing has faded.
constexpr milliseconds settled{500};
// Where the whole path falls below this part of its best, and a bridge below that of its own, for so many looks in a
// row, nothing is waited for.
constexpr double slump_share = 0.3;
constexpr double dropped_share = 0.2;
constexpr int long_slump = 3;
// Whoever dies younger than this does not die of age.
constexpr seconds min_age{1};
// A successor has to be better for so many looks in a row.
constexpr int convincing = 5;
// A successor has to show itself within this time from when it came up.
constexpr seconds patience{3};
constexpr seconds first_pause{10};
constexpr seconds longest_pause{320};
// Lessons agree if they are within this part of each other.
constexpr double agreement = 0.25;
constexpr double close_agreement = 0.06;
constexpr std::size_t max_lessons = 8;
// Rates are averages over about so long.
constexpr double smoothing = 0.3;  // seconds
// What a connection bears is used up to this part, and no bridge's part is another's.
constexpr double earliest_share = 0.75;
constexpr double latest_share = 0.92;
constexpr int one_of = 16;
constexpr double beyond = 1.5;
// Round trips until a new connection carries what it can.
constexpr int growth = 8;

double as_seconds(core::duration d) { return std::chrono::duration<double>(d).count(); }

bool agree(std::uint64_t a, std::uint64_t b) { return agree_within(agreement, a, b); }
bool agree_closely(core::duration a, core::duration b) { return agree_within(close_agreement, a.count(), b.count()); }

}  // namespace

rotation::rotation(const rotation_options& options, std::uint64_t seed)
    : planned_(options.when == rotation_options::mode::planned),
      random_(static_cast<std::minstd_rand::result_type>(seed)) {
  if (planned_ && options.bytes != 0) found_.bytes = options.bytes;
  if (planned_ && options.age.count() != 0) found_.age = options.age;
}

void rotation::observe(core::timestamp now, std::span<const observed> bridges) {
  const double passed = as_seconds(now - last_look_);
  const bool usable = last_look_ != core::timestamp{0} && passed < 2;
  last_look_ = now;
  latest_ = 0;
  for (const observed& seen : bridges) {
    auto [it, is_new] = bridges_.try_emplace(seen.id);
    bridge_record& b = it->second;
    if (is_new) {
      b.up_since = seen.up_since;
      b.since = now;
      b.share = random_share();
    }
    if (usable && !is_new) measure(b, seen, passed);
    b.up = seen.up;
    b.down = seen.down;
    round_trip_ = std::max(round_trip_, seen.round_trip);
  }
  if (!usable) return;
  if (!planned_) doubt(now, passed);
  judge(now);
  look_ahead(now);
}

// Few of them see whether what was learnt still holds: they are let go on for longer.
double rotation::random_share() {
  if (!planned_ && std::uniform_int_distribution<int>(1, one_of)(random_) == 1) return beyond;
  return std::uniform_real_distribution<double>(earliest_share, latest_share)(random_);
}

void rotation::measure(bridge_record& b, const observed& seen, double passed) {
  const double rate = static_cast<double>(seen.up - b.up + seen.down - b.down) / passed;
  b.latest = rate;
  latest_ += rate;
  const double weight = 1 - std::exp(-passed / smoothing);
  b.rate += weight * (rate - b.rate);
  b.best = std::max(b.best, b.rate);
  if (has_faded(b)) return;
  b.bytes_when_well = seen.up + seen.down;
  b.well_at = last_look_;
}

bool rotation::has_faded(const bridge_record& b) const { return b.best > little && b.rate < faded_share * b.best; }

bool rotation::has_dropped(const bridge_record& b) const {
  return b.best > little && b.latest < dropped_share * b.best;
}

// What all bridges of the path carry together has to fall as well: on a line that is full one of them may carry little
// because the others carry more. Down to nothing, it is a reader that stands still or a transfer that has ended.
void rotation::doubt(core::timestamp now, double passed) {
  total_ = 0;
  for (const auto& [id, b] : bridges_) total_ += b.rate;
  best_total_ = std::max(total_, best_total_ * std::exp(-passed / memory));
  slump_ = latest_ < slump_share * best_total_ ? slump_ + 1 : 0;
  const bool slumps = slump_ >= long_slump;
  if (now < quiet_until_ || latest_ < little || (total_ > missing_share * best_total_ && !slumps)) return;
  for (auto& [id, b] : bridges_) {
    const bool faded = has_faded(b) && now - b.well_at >= settled;
    if (b.now != phase::fresh || !(faded || (slumps && has_dropped(b)))) continue;
    enter(b, phase::doubted, now);
    b.total_then = total_;
  }
}

double rotation::best_of_the_young(const bridge_record& than) const {
  double best = 0;
  for (const auto& [id, b] : bridges_)
    if (b.now == phase::fresh && b.up_since > than.since - milliseconds(50)) best = std::max(best, b.rate);
  return best;
}

void rotation::judge(core::timestamp now) {
  bool in_vain = false;
  for (auto& [id, b] : bridges_) {
    if (b.now != phase::doubted) continue;
    b.total_then = std::min(b.total_then, total_);
    const double young = best_of_the_young(b);
    const bool helps = young >= much_better * b.rate && total_ >= worth_it * b.total_then;
    b.beaten = young > little && helps ? b.beaten + 1 : 0;
    if (b.beaten >= convincing) {
      learn(b, true);
      retire(b, cause::faded, now);
      pause_ = {};
    } else if (!has_faded(b) && !has_dropped(b)) {
      enter(b, phase::fresh, now);
    } else if (now - b.since > dial_time_ + patience) {
      in_vain = true;
      enter(b, phase::fresh, now);
      b.best = b.rate;  // that is what it can do now
    }
  }
  if (!in_vain) return;
  pause_ = std::clamp<core::duration>(2 * pause_, first_pause, longest_pause);
  quiet_until_ = now + pause_;
}

// The successor is to be there, and grown, when the old one ends.
void rotation::look_ahead(core::timestamp now) {
  const core::duration lead = dial_time_ + growth * round_trip_;
  for (auto& [id, b] : bridges_) {
    if (b.now == phase::retired) continue;
    const auto carried = static_cast<double>(b.up + b.down);
    const core::duration age = now - b.up_since;
    bool soon = false;
    std::optional<cause> over;
    if (found_.bytes) {
      const double most = b.share * static_cast<double>(*found_.bytes);
      if (carried >= most) over = cause::bytes;
      soon |= carried + b.rate * as_seconds(lead) >= most;
    }
    if (found_.age) {
      const auto most =
          core::duration(static_cast<core::duration::rep>(b.share * static_cast<double>(found_.age->count())));
      if (age >= most) over = cause::age;
      soon |= age + lead >= most;
    }
    const bool as_learnt = has_faded(b) && bears_out(b);
    if (over && b.share > 1 && !has_faded(b)) return unlearn();  // it was to have ended long ago
    if (as_learnt) {
      retire(b, cause::faded, now);
    } else if (over) {
      retire(b, *over, now);
    } else if (soon && b.now == phase::fresh) {
      enter(b, phase::outgoing, now);
    }
  }
}

// It fades about where others have faded.
bool rotation::bears_out(const bridge_record& b) const {
  const bool by_bytes = found_.bytes && agree(std::max<std::uint64_t>(b.bytes_when_well, 1), *found_.bytes);
  return by_bytes || (found_.age && agree_closely(b.well_at - b.up_since, *found_.age));
}

void rotation::enter(bridge_record& b, phase next, core::timestamp now) {
  b.now = next;
  b.since = now;
  b.beaten = 0;
}

void rotation::retire(bridge_record& b, cause why, core::timestamp now) {
  b.retired_for = why;
  enter(b, phase::retired, now);
}

std::string rotation::why_retired(core::bridge_id id, core::timestamp now) const {
  const auto found = bridges_.find(id);
  if (found == bridges_.end()) return {};
  const bridge_record& b = found->second;
  const bool faded = b.retired_for == cause::faded;
  const auto bytes = static_cast<double>(faded ? b.bytes_when_well : b.up + b.down);
  const double age = as_seconds((faded ? b.well_at : now) - b.up_since);
  char text[96];
  if (faded)
    std::snprintf(text, sizeof text, "faded after %.3g MB and %.3g s", bytes / 1e6, age);
  else if (b.retired_for == cause::bytes)
    std::snprintf(text, sizeof text, "has carried %.3g MB: more would slow it down", bytes / 1e6);
  else
    std::snprintf(text, sizeof text, "is %.3g s old: it would not last much longer", age);
  return text;
}

bool rotation::outgoing(core::bridge_id id) const {
  const auto found = bridges_.find(id);
  return found != bridges_.end() && found->second.now != phase::fresh;
}

bool rotation::turning() const {
  return std::ranges::any_of(bridges_, [](const auto& b) { return b.second.now != phase::fresh; });
}

bool rotation::retired(core::bridge_id id) const {
  const auto found = bridges_.find(id);
  return found != bridges_.end() && found->second.now == phase::retired;
}

// ---- lessons ----

void rotation::lost(core::bridge_id id) {
  const auto found = bridges_.find(id);
  if (found == bridges_.end()) return;
  if (found->second.now != phase::retired) learn(found->second, false);
  bridges_.erase(found);
}

void rotation::learn(const bridge_record& b, bool faded) {
  if (planned_) return;
  lessons_.push_back({b.well_at, std::max<std::uint64_t>(b.bytes_when_well, 1), b.well_at - b.up_since, faded});
  if (lessons_.size() > max_lessons) lessons_.erase(lessons_.begin());
  conclude();
}

// What most of the latest lessons have in common, two at least; single ones may have had other causes. Connections that
// are lost in one moment have met one accident: to have one age they must end at different times.
void rotation::conclude() {
  found_ = {};
  std::size_t max_by_bytes = 0, max_by_age = 0;
  for (const lesson& one : lessons_) {
    std::size_t by_bytes = 0, by_age = 0;
    for (const lesson& other : lessons_) {
      const bool aged = one.age > min_age && other.age > min_age;
      const bool apart = one.at > other.at + seconds(1) || other.at > one.at + seconds(1);
      by_bytes += &one != &other && one.faded && other.faded && agree(one.bytes, other.bytes) ? 1 : 0;
      by_age += apart && aged && agree_closely(one.age, other.age) ? 1 : 0;
    }
    if (by_bytes > max_by_bytes) found_.bytes = one.bytes;
    if (by_age > max_by_age) found_.age = one.age;
    max_by_bytes = std::max(max_by_bytes, by_bytes);
    max_by_age = std::max(max_by_age, by_age);
  }
}

void rotation::unlearn() {
  lessons_.clear();
  found_ = {};
}

}  // namespace mtcp
