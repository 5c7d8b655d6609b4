#include "mtcp/session/rotation.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "mtcp/core/base/earlier.hpp"

namespace mtcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A bridge that delivers less than this part of its best is doubted. A line whose rate halves for all stays above it.
constexpr double slow_share = 0.4;
// Only while the path as a whole carries less than this part of the best that it has carried lately, in seconds.
constexpr double missing_share = 0.8;
constexpr double memory = 30;
// Bridges that carry so many times as much again, when a successor has come, have recovered by themselves.
constexpr double recovery = 1.25;
// A successor that delivers so many times as much, so that the path as a whole delivers so much more, shows that the
// old one has faded.
constexpr double much_better = 2;
constexpr double worth_it = 1.15;
// Bytes per second that are worth the trouble.
constexpr double little = 100'000;
// TCP may need this long to recover from losses: until then nothing has faded.
constexpr milliseconds settled{500};
// Where the whole path falls below this part of its best, and a bridge below that of its own, nothing is waited for,
// except that BBR pauses for this time and a round trip, and all connections of a line may do so together.
constexpr double slump_share = 0.3;
constexpr double dropped_share = 0.2;
constexpr milliseconds bbr_pause{200};
// Next to nothing for so many looks in a row is a pause of the transfer, after which it has to grow again.
constexpr int long_pause = 3;
// What TCP mends after seconds comes all at once: only so many looks in a row show that a bridge is well again.
constexpr int no_burst = 3;
// With next to nothing for so long the transfer has ended: no bridge can show any more what it carries.
constexpr seconds transfer_over{2};
// A successor has to be better for so many looks in a row.
constexpr int convincing = 5;
// A successor has to show itself within this time from when it came up.
constexpr seconds patience{3};
// Pauses between doubts grow from here: where all was well again before a successor could show itself, and where none
// was any better.
constexpr seconds first_pause{1};
constexpr seconds vain_pause{10};
constexpr seconds longest_pause{320};
constexpr int pause_growth = 4;
// Rates are averages over about so long.
constexpr double smoothing = 0.3;  // seconds
// What a connection bears is used up to this part, and no bridge's part is another's.
constexpr double earliest_share = 0.75;
constexpr double latest_share = 0.92;
constexpr int one_of = 16;
constexpr double beyond = 1.5;
// One that goes on, and drops where it was to fade or stays slow for so long, is a proof.
constexpr seconds lasting{4};
// Round trips until a new connection carries what it can.
constexpr int growth = 8;
// Round trips from the decision to retire a bridge until nothing more comes.
constexpr int sent_by_then = 2;

double as_seconds(core::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

rotation::rotation(const rotation_options& options, std::uint64_t seed)
    : planned_(options.when == rotation_options::mode::planned),
      random_(static_cast<std::minstd_rand::result_type>(seed)) {
  if (!planned_) return;
  fade_watch::finding given;
  if (options.bytes != 0) given.bytes = options.bytes;
  if (options.age.count() != 0) given.age = options.age;
  fades_.plan(given);
}

void rotation::observe(core::timestamp now, std::span<const observed> bridges, bool has_room) {
  const double passed = as_seconds(now - last_look_);
  const bool usable = last_look_ != core::timestamp{0} && passed < 2;
  if (!usable) begun_at_ = now;
  last_look_ = now;
  latest_ = 0;
  for (auto& [id, b] : bridges_)
    if (usable && !b.gives_room && std::ranges::find(bridges, id, &observed::id) == bridges.end())
      measure(b, {id, b.up_since, b.up, b.down, {}}, passed);  // it has gone
  for (const observed& seen : bridges) {
    auto [it, is_new] = bridges_.try_emplace(seen.id);
    bridge_record& b = it->second;
    if (is_new) {
      b.up_since = seen.up_since;
      b.since = now;
      b.share = random_share();
    }
    if (usable && !is_new && !b.gives_room) measure(b, seen, passed);
    b.up = seen.up;
    b.down = seen.down;
    b.may_be_doubted = seen.may_be_doubted;
    b.has_budget = seen.has_budget;
    round_trip_ = std::max(round_trip_, seen.round_trip);
  }
  if (!usable) return judge(now);
  weigh(now, passed);
  if (!planned_) doubt(now);
  if (!has_room) make_room(now);
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
  b.best = std::max(b.rate, b.best * std::exp(-passed / memory));
  b.brisk = rate < slow_share * b.best ? 0 : b.brisk + 1;
  if (has_slowed(b)) return;
  b.bytes_when_well = seen.up + seen.down;
  b.well_at = last_look_;
}

// The path as a whole. What begins anew has to grow first.
void rotation::weigh(core::timestamp now, double passed) {
  total_ = 0;
  for (const auto& [id, b] : bridges_) total_ += b.gives_room ? 0 : b.rate;
  best_total_ = std::max(total_, best_total_ * std::exp(-passed / memory));
  idle_ = latest_ < little ? idle_ + 1 : 0;
  if (idle_ == 0) busy_at_ = now;
  if (idle_ >= long_pause) begun_at_ = now;
  const bool grown = has_grown(begun_at_, now);
  slump_ = grown && latest_ < slump_share * best_total_ ? slump_ + 1 : 0;
  if (!grown || total_ > missing_share * best_total_) complete_at_ = now;
}

bool rotation::has_grown(core::timestamp since, core::timestamp now) const {
  return now - since >= settled + growth * round_trip_;
}

bool rotation::has_slowed(const bridge_record& b) const { return b.best > little && b.rate < slow_share * b.best; }

bool rotation::has_dropped(const bridge_record& b) const {
  return b.best > little && b.latest < dropped_share * b.best;
}

// It carries but a small part of what the others leave of the path's best: on a line that is full one bridge may carry
// little because the others carry more.
bool rotation::is_missed(const bridge_record& b) const {
  return b.rate < slow_share * (missing_share * best_total_ - (total_ - b.rate));
}

// The others carry much more, or carry as little where all should carry more.
bool rotation::lags(const bridge_record& b) const {
  const auto others = static_cast<double>(bridges_.size() - 1);
  return is_missed(b) || others * b.rate < slow_share * (total_ - b.rate);
}

bool rotation::all_is_carried() const { return latest_ > missing_share * best_total_; }

// Down to nothing, it is a reader that stands still or a transfer that has ended.
void rotation::doubt(core::timestamp now) {
  if (now < quiet_until_ || latest_ < little || all_is_carried()) return;
  const bool slumps = slump_ * interval > bbr_pause + round_trip_;
  const bool lacks = now - complete_at_ >= settled;
  for (auto& [id, b] : bridges_) {
    const bool faded = lacks && has_slowed(b) && is_missed(b) && now - b.well_at >= settled;
    if (b.now != phase::fresh || !b.may_be_doubted || !has_grown(b.up_since, now)) continue;
    if (!(faded || (slumps && has_dropped(b)))) continue;
    enter(b, phase::doubted, now);
    b.contested = false;
    b.rates_then = rates();
  }
}

// Where the network lets so many connections exist and no more, a successor can only come in place of one that is in
// doubt: of the slowest. Whether that was right is judged as ever, by what it carried last.
void rotation::make_room(core::timestamp now) {
  bridge_record* slowest = nullptr;
  for (auto& [id, b] : bridges_) {
    if (b.now != phase::doubted) continue;
    if (b.gives_room || b.contested || now - b.since < std::max<core::duration>(settled, dial_time_)) return;
    if (slowest == nullptr || b.rate < slowest->rate) slowest = &b;
  }
  if (slowest == nullptr) return;
  slowest->gives_room = true;
  for (auto& [id, b] : bridges_)
    if (b.now == phase::doubted) b.since = now;
}

std::map<core::bridge_id, double> rotation::rates() const {
  std::map<core::bridge_id, double> of_all;
  for (const auto& [id, b] : bridges_) of_all.emplace(id, b.rate);
  return of_all;
}

rotation::comparison rotation::compare(const bridge_record& doubted) const {
  comparison all;
  for (const auto& [id, b] : bridges_) {
    const bool young = b.now == phase::fresh && b.up_since > doubted.well_at;
    if (young) {
      all.best_young = std::max(all.best_young, b.rate);
      core::keep_earlier(all.first_young, b.up_since);
      continue;
    }
    all.elders += b.rate;
    const auto then = doubted.rates_then.find(id);
    if (then != doubted.rates_then.end())
      all.elders_then += b.now == phase::fresh ? then->second : std::min(then->second, b.rate);
  }
  return all;
}

// Until a successor carries something it is seen whether the old ones recover by themselves: afterwards they may have
// less because it has more. All connections of a full line pause together now and then, when their congestion control
// looks how long the way is with an empty queue.
//
// A doubt ends with the transfer: until then its bridge counts as being on its way out, and one more is kept for it.
void rotation::judge(core::timestamp now) {
  const bool over = now - busy_at_ > transfer_over;
  std::optional<core::duration> pause;
  for (auto& [id, b] : bridges_) {
    if (over && b.now == phase::doubted) enter(b, b.gives_room ? phase::retired : phase::fresh, now);
    if (b.now != phase::doubted) continue;
    const comparison with = compare(b);
    b.contested = b.contested || with.best_young > little;
    if (!b.contested) b.rates_then = rates();
    const bool recovers = b.contested ? with.elders > recovery * with.elders_then : all_is_carried();
    const bool helps = with.best_young >= much_better * b.rate && total_ >= worth_it * with.elders_then;
    b.beaten = with.best_young > little && helps && !recovers ? b.beaten + 1 : 0;
    if (b.beaten >= convincing) {
      learn(b, true);
      retire(b, cause::faded, now);
      continue;
    }
    const bool well = !has_slowed(b) && b.brisk >= no_burst;
    const bool too_late = b.beaten == 0 && with.first_young && now - std::max(*with.first_young, b.since) > patience;
    if (!well && !too_late && !(recovers && !b.contested)) continue;
    pause = std::max<core::duration>(pause.value_or(first_pause),
                                     too_late || with.best_young > little ? vain_pause : first_pause);
    if (b.gives_room) {
      retire(b, cause::faded, now);
      continue;
    }
    enter(b, phase::fresh, now);
    if (too_late) b.best = b.rate;  // that is what it can do now
  }
  std::erase_if(bridges_, [](const auto& b) { return b.second.gone && b.second.now != phase::doubted; });
  if (pause) put_off(now, *pause);
}

// Doubts that end one after the other are one.
void rotation::put_off(core::timestamp now, core::duration at_least) {
  const bool again = now < quiet_until_;
  pause_ = std::clamp<core::duration>(again ? pause_ : pause_growth * pause_, at_least, longest_pause);
  quiet_until_ = now + pause_;
}

// The successor is to be there, and grown, when the old one ends. What the peer has sent before it learns of the end is
// carried, too; one that is to prove something goes on to the last byte.
void rotation::look_ahead(core::timestamp now) {
  const core::duration lead = dial_time_ + growth * round_trip_;
  for (auto& [id, b] : bridges_) {
    if (b.now == phase::retired || b.gives_room) continue;
    const auto carried = static_cast<double>(b.up + b.down);
    const core::duration age = now - b.up_since;
    const core::duration tail = proves(b) ? core::duration(0) : interval + sent_by_then * round_trip_;
    bool soon = false;
    std::optional<cause> over;
    if (found().bytes) {
      const double most = b.share * static_cast<double>(*found().bytes);
      if (carried + b.rate * as_seconds(tail) >= most) over = cause::bytes;
      soon |= carried + b.rate * as_seconds(lead + tail) >= most;
    }
    fades_.lives(b.well());
    if (const auto bearable = bears(id)) {
      const auto most =
          core::duration(static_cast<core::duration::rep>(b.share * static_cast<double>(bearable->count())));
      if (age >= most) over = cause::age;
      soon |= age + lead >= most;
    }
    const bool as_learnt = has_slowed(b) && lags(b) && fades_.is_near(b.well());
    if (proves(b) && fades_.is_beyond(beyond, b.well())) return unlearn(now);
    if (as_learnt && (!proves(b) || has_dropped(b) || now - b.well_at >= lasting)) {
      if (proves(b) && !fades_.proven() && fades_.bears_out(b.well(), b.best)) {
        fades_.prove();
        pause_ = {};
      }
      retire(b, cause::faded, now);
    } else if (over && !as_learnt) {
      retire(b, *over, now);
    } else if ((soon || as_learnt) && b.now == phase::fresh) {
      if (soon && !b.has_budget && wants_proof())
        b.share = beyond;
      else
        enter(b, phase::outgoing, now);
    }
  }
}

// What age. Every other one does not wait to see whether a guess is right.
std::optional<core::duration> rotation::bears(core::bridge_id id) const {
  return found().age || id % 2 != 0 ? found().age : fades_.guess();
}

bool rotation::wants_proof() const {
  if (planned_ || fades_.proven() || !foresees()) return false;
  return std::ranges::none_of(bridges_,
                              [&](const auto& b) { return proves(b.second) && b.second.now != phase::retired; });
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

bool rotation::doubting() const {
  return std::ranges::any_of(bridges_, [](const auto& b) { return b.second.now == phase::doubted; });
}

bool rotation::retired(core::bridge_id id) const {
  const auto found = bridges_.find(id);
  return found != bridges_.end() && (found->second.now == phase::retired || found->second.gives_room);
}

bool rotation::retired_for_long(core::bridge_id id, core::timestamp now) const {
  return retired(id) && now - bridges_.at(id).since > interval + sent_by_then * round_trip_;
}

// ---- what is learnt ----

void rotation::lost(core::bridge_id id) {
  const auto found = bridges_.find(id);
  if (found == bridges_.end()) return;
  if (found->second.gives_room) return forget(id);
  if (found->second.now != phase::retired && !found->second.has_budget) {
    learn(found->second, false);
    if (fades_.found().age) fades_.prove();  // an end is an end
  }
  bridges_.erase(found);
}

void rotation::forget(core::bridge_id id) {
  const auto found = bridges_.find(id);
  if (found == bridges_.end()) return;
  found->second.gone = found->second.gives_room && found->second.now == phase::doubted;
  if (!found->second.gone) bridges_.erase(found);
}

void rotation::learn(const bridge_record& b, bool faded) {
  if (!planned_) fades_.learn({b.well_at, b.well(), b.best, faded});
}

void rotation::unlearn(core::timestamp now) {
  fades_.forget();
  for (auto& [id, b] : bridges_)
    if (b.now == phase::outgoing) enter(b, phase::fresh, now);
  put_off(now, vain_pause);
}

}  // namespace mtcp
