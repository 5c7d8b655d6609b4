#include "mtcp/session/fade_watch.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/session/agreement.hpp"

namespace mtcp {
namespace {

using std::chrono::seconds;

constexpr std::size_t max_endings = 8;
// Endings agree if they are within this part of each other, or as near as looks can tell.
constexpr double agreement = 0.06;
constexpr double looks_apart = 1.5;
// What fades within this part of where others did is near.
constexpr double nearness = 0.25;
// Whoever dies younger than this does not die of age.
constexpr seconds min_age{1};
// Ends within this time are one event.
constexpr seconds together{1};

bool same_age(core::duration a, core::duration b) { return agree_within(agreement, a.count(), b.count()); }

bool of_one_age(const fade_watch::ending& one, const fade_watch::ending& other) {
  return one.well.age > min_age && other.well.age > min_age && same_age(one.well.age, other.well.age);
}

bool of_one_event(const fade_watch::ending& one, const fade_watch::ending& other) {
  return one.at <= other.at + together && other.at <= one.at + together;
}

}  // namespace

/// Of connections that carried so many in a second.
bool fade_watch::same_bytes(std::uint64_t a, std::uint64_t b, double rate) const {
  const auto apart = static_cast<double>(std::max(a, b) - std::min(a, b));
  const double look = std::chrono::duration<double>(look_).count();
  return agree_within(agreement, a, b) || apart <= looks_apart * look * rate;
}

void fade_watch::learn(const ending& one) {
  endings_.push_back(one);
  endings_.back().well.bytes = std::max<std::uint64_t>(one.well.bytes, 1);
  if (endings_.size() > max_endings) endings_.erase(endings_.begin());
  conclude();
}

// What most of the latest endings have in common, two at least; single ones may have had other causes. Connections that
// are lost in one moment have met one accident: to have one age they must end at different times, and those that die of
// their bytes at different ages too. Those that fade in one moment do so for their bytes only if no more of them had
// one age than carried as many.
void fade_watch::conclude() {
  const finding before = std::exchange(found_, {});
  std::size_t max_by_bytes = 0, max_by_age = 0;
  double rate = 0;
  for (const ending& one : endings_) {
    std::size_t by_bytes = 0, by_age = 0, together_by_bytes = 0, together_by_age = 0;
    for (const ending& other : endings_) {
      if (&one == &other) continue;
      const bool both_faded = one.faded && other.faded;
      const bool of_age = of_one_age(one, other);
      const bool of_bytes = same_bytes(one.well.bytes, other.well.bytes, std::min(one.rate, other.rate));
      if (of_one_event(one, other)) {
        together_by_bytes += both_faded && of_bytes ? 1 : 0;
        together_by_age += of_age ? 1 : 0;
      } else {
        by_bytes += (both_faded || !of_age) && of_bytes ? 1 : 0;
        by_age += of_age ? 1 : 0;
      }
    }
    if (together_by_bytes >= together_by_age) by_bytes += together_by_bytes;
    if (by_bytes > max_by_bytes) {
      found_.bytes = one.well.bytes;
      rate = one.rate;
    }
    if (by_age > max_by_age) found_.age = one.well.age;
    max_by_bytes = std::max(max_by_bytes, by_bytes);
    max_by_age = std::max(max_by_age, by_age);
  }
  const bool bytes_hold = !found_.bytes || (before.bytes && same_bytes(*found_.bytes, *before.bytes, rate));
  const bool age_holds = !found_.age || (before.age && same_age(*found_.age, *before.age));
  proven_ = proven_ && bytes_hold && age_holds;
  guess_ = found_.age || found_.bytes ? std::nullopt : common_age_of_the_last();
}

std::optional<core::duration> fade_watch::common_age_of_the_last() const {
  const ending& last = endings_.back();
  const auto ended_with_it = [&](const ending& other) {
    return &other != &last && of_one_event(last, other) && of_one_age(last, other);
  };
  if (std::ranges::none_of(endings_, ended_with_it)) return {};
  return last.well.age;
}

void fade_watch::lives(const extent& so_far) {
  if (guess_ && so_far.age > *guess_ && !same_age(so_far.age, *guess_)) guess_.reset();
}

void fade_watch::forget() {
  endings_.clear();
  found_ = {};
  guess_ = {};
  proven_ = false;
}

bool fade_watch::is_near(const extent& well) const {
  return (found_.bytes && agree_within(nearness, well.bytes, *found_.bytes)) ||
         (found_.age && agree_within(nearness, well.age.count(), found_.age->count()));
}

bool fade_watch::bears_out(const extent& well, double rate) const {
  return (found_.bytes && same_bytes(well.bytes, *found_.bytes, rate)) ||
         (found_.age && same_age(well.age, *found_.age));
}

bool fade_watch::is_beyond(double times, const extent& well) const {
  const auto is_so = [times](auto reached, auto bears) {
    return static_cast<double>(reached) >= times * static_cast<double>(bears);
  };
  return (found_.bytes && is_so(well.bytes, *found_.bytes)) ||
         (found_.age && is_so(well.age.count(), found_.age->count()));
}

}  // namespace mtcp
