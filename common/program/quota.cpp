#include "program/quota.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "program/parse.hpp"

namespace mtcp::program {
namespace {

using std::chrono::milliseconds;

// From when it is used up until nothing more arrives: the next look, and a round trip.
constexpr milliseconds under_way{60};
constexpr milliseconds soonest_look{10};
constexpr std::chrono::seconds latest_look{1};
// A clock that was so far ahead was wrong; one that is set back by less may be put right again.
constexpr std::chrono::days wrong{2};

double in_seconds(core::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

const char* name_of(quota::period each) noexcept {
  switch (each) {
    case quota::period::day:
      return "day";
    case quota::period::month:
      return "month";
    case quota::period::total:
      break;
  }
  return "total";
}

quota parse_quota(const std::string& text) {
  const auto slash = text.find('/');
  for (const auto each : {quota::period::day, quota::period::month, quota::period::total}) {
    if (slash == std::string::npos || text.substr(slash + 1) != name_of(each)) continue;
    return {.bytes = parse_size(text.substr(0, slash)), .each = each};
  }
  throw std::invalid_argument("expected a size and a period, such as 100MB/day, 20GB/month or 5GB/total");
}

std::string in_words(const quota& allowed) {
  std::ostringstream out;
  const bool large = allowed.bytes >= 1'000'000'000;
  out << static_cast<double>(allowed.bytes) / (large ? 1e9 : 1e6) << (large ? " GB" : " MB");
  out << (allowed.each == quota::period::total ? " in all" : std::string(" a ") + name_of(allowed.each));
  return out.str();
}

quota_account::quota_account(const quota& allowed, const record& kept, date today) : allowed_(allowed), kept_(kept) {
  if (!kept_.seen.ok()) kept_ = {.seen = today};
  turn(today);
  allow(allowed);
}

void quota_account::allow(const quota& allowed) {
  allowed_ = allowed;
  used_up_ = reached(static_cast<double>(kept_.used));
}

bool quota_account::reached(double bytes) const {
  return allowed_.any() && bytes >= static_cast<double>(allowed_.bytes);
}

bool quota_account::same_period(date one, date other) const {
  if (allowed_.each == quota::period::total) return true;
  const bool month = one.year() == other.year() && one.month() == other.month();
  return month && (allowed_.each == quota::period::month || one.day() == other.day());
}

void quota_account::turn(date today) {
  using std::chrono::sys_days;
  if (same_period(kept_.seen, today)) return;
  if (today < kept_.seen) {
    if (sys_days(kept_.seen) - sys_days(today) > wrong) kept_.seen = today;
    return;
  }
  kept_ = {.seen = today};
  used_up_ = false;
}

void quota_account::add(std::uint64_t bytes) {
  kept_.used += bytes;
  used_up_ = used_up_ || reached(static_cast<double>(kept_.used));
}

void quota_account::count(std::uint64_t bytes, core::timestamp now) {
  const double passed = in_seconds(now - counted_at_);
  if (passed > 0) rate_ = static_cast<double>(bytes) / passed;
  counted_at_ = now;
  add(bytes);
  used_up_ = used_up_ || reached(static_cast<double>(kept_.used) + rate_ * in_seconds(under_way));
}

core::duration quota_account::next_look() const {
  if (used_up_ || rate_ <= 0) return latest_look;
  const double left = (static_cast<double>(allowed_.bytes) - static_cast<double>(kept_.used)) / rate_;
  const double quarter = std::clamp(left / 4, in_seconds(soonest_look), in_seconds(latest_look));
  return core::duration(static_cast<core::duration::rep>(1e9 * quarter));
}

}  // namespace mtcp::program
