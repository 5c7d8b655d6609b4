#include "mtcp/session/freeze_watch.hpp"

#include <algorithm>

#include "mtcp/core/wire/extension.hpp"
#include "mtcp/session/agreement.hpp"

namespace mtcp {
namespace {

using std::chrono::seconds;

// As many bridges as a path may well lose in one moment, twice.
constexpr std::size_t max_lessons = 64;
// Lessons agree within this part: a few packets more or less may have been on the way.
constexpr double agreement = 0.2;
// What a budget leaves of what was found; TLS and the greeting take no part in it.
constexpr double share = 0.93;
constexpr std::uint64_t greeting = 1024;
// One that has carried so much more lives in a network that does not do that.
constexpr double beyond = 1.5;
constexpr seconds first_pause{10};
constexpr seconds longest_pause{320};
// Bridges in a row that fall silent in spite of their budget.
constexpr std::size_t max_failures = 8;

std::uint64_t budget_within(std::uint64_t bytes) {
  const auto part = static_cast<std::uint64_t>(share * static_cast<double>(bytes));
  return part < greeting + core::min_budget ? 0 : part - greeting;
}

bool agree(std::uint64_t a, std::uint64_t b) { return agree_within(agreement, a, b); }

// The bytes that both have borne, 0 if they do not agree, or if these are too few to be of use.
std::uint64_t common(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t least = std::min(a, b);
  return agree(a, b) && budget_within(least) > 0 ? least : 0;
}

bool same(std::uint64_t a, std::uint64_t b) { return (a == 0 && b == 0) || agree(a, b); }

bool exceeds(std::uint64_t bytes, std::uint64_t found) {
  return found != 0 && static_cast<double>(bytes) > beyond * static_cast<double>(found);
}

}  // namespace

bool freeze_watch::fell_silent(core::bridge_id id, core::timestamp up_since, const carried& by_then,
                               core::timestamp now) {
  const carried before = found_;
  unlearn(id);
  if (lessons_.size() == max_lessons) lessons_.erase(lessons_.begin());
  lessons_.push_back({id, up_since, now, by_then});
  conclude(lessons_.back());
  if (finds() && !next_trial_) next_trial_ = now + first_pause;
  return !same(found_.up, before.up) || !same(found_.down, before.down);
}

// What the latest has in common with one that had fallen silent before it came up.
void freeze_watch::conclude(const lesson& latest) {
  for (const lesson& other : lessons_) {
    if (other.silent_at > latest.up_since) continue;
    const carried both{common(other.bytes.up, latest.bytes.up), common(other.bytes.down, latest.bytes.down)};
    if (both.up == 0 && both.down == 0) continue;
    found_ = both;
    holds_since_ = other.silent_at;
    taught_by_ = {other.id, latest.id};
  }
}

void freeze_watch::unlearn(core::bridge_id id) {
  std::erase_if(lessons_, [id](const lesson& l) { return l.id == id; });
}

// What it taught does not hold, unless others teach the same.
bool freeze_watch::recovered(core::bridge_id id) {
  unlearn(id);
  if (!finds() || std::ranges::find(taught_by_, id) == taught_by_.end()) return false;
  found_ = {};
  for (const lesson& l : lessons_) conclude(l);
  if (finds()) return false;
  drop_rule();
  return true;
}

// They know nothing of how much the network bears.
bool freeze_watch::budget_failed() {
  if (!finds() || ++failures_ < max_failures) return false;
  forget();
  return true;
}

bool freeze_watch::lives(core::timestamp up_since, const carried& so_far) {
  const bool more = exceeds(so_far.up, found_.up) || exceeds(so_far.down, found_.down);
  if (!more || up_since <= holds_since_) return false;
  forget();
  return true;
}

void freeze_watch::forget() {
  lessons_.clear();
  drop_rule();
}

void freeze_watch::drop_rule() {
  found_ = {};
  next_trial_.reset();
  pause_ = {};
  failures_ = 0;
}

core::bridge_budget freeze_watch::next_budget(core::timestamp now) {
  if (!finds()) return {};
  if (now >= *next_trial_) {
    pause_ = std::clamp<core::duration>(2 * pause_, first_pause, longest_pause);
    next_trial_ = now + pause_;
    return {};
  }
  return {budget_within(found_.up), budget_within(found_.down)};
}

bool freeze_watch::explains(const carried& by_then) const {
  const auto reached = [](std::uint64_t bytes, std::uint64_t found) {
    return found != 0 && static_cast<double>(bytes) * (1 + agreement) >= static_cast<double>(found);
  };
  return reached(by_then.up, found_.up) || reached(by_then.down, found_.down);
}

}  // namespace mtcp
