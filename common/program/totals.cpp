#include "program/totals.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace mtcp::program {
namespace {

using std::chrono::sys_days;

totals::row sum_of(const std::string& name, const totals::days& all, date today) {
  const sys_days last = today, first_of_week = last - std::chrono::days(6);
  const sys_days first_of_month = today.year() / today.month() / std::chrono::day(1);
  totals::row out{.name = name, .today = {}, .week = {}, .month = {}};
  for (const auto& [day, carried] : all) {
    if (day > last) break;  // a clock that was wrong
    if (day == last) out.today += carried;
    if (day >= first_of_week) out.week += carried;
    if (day >= first_of_month) out.month += carried;
  }
  return out;
}

std::uint64_t weight(const totals::row& of) { return std::max(of.week.both(), of.month.both()); }

void keep_latest(totals::days& all) {
  while (all.size() > totals::days_kept) all.erase(all.begin());
}

}  // namespace

void totals::add(kind what, const std::string& name, amount more, date today) {
  if (more.both() == 0) return;
  names& all = kept_[static_cast<std::size_t>(what)];
  if (name != others && !all.contains(name)) make_room(all, today);
  days& of = all[name];
  of[today] += more;
  keep_latest(of);
}

// The one that has carried the least of late goes; what it has carried stays in the sum of the others.
void totals::make_room(names& in, date today) {
  if (in.size() - in.count(others) < most_) return;
  auto least = in.end();
  std::uint64_t its = 0;
  for (auto it = in.begin(); it != in.end(); ++it) {
    if (it->first == others) continue;
    const std::uint64_t carried = weight(sum_of(it->first, it->second, today));
    if (least == in.end() || carried < its) {
      least = it;
      its = carried;
    }
  }
  const days gone = std::move(least->second);
  in.erase(least);
  days& rest = in[others];
  for (const auto& [day, carried] : gone) rest[day] += carried;
  keep_latest(rest);
}

std::vector<totals::row> totals::rows(kind what, date today) const {
  std::vector<row> out;
  for (const auto& [name, all] : kept(what))
    if (row one = sum_of(name, all, today); weight(one) != 0) out.push_back(std::move(one));
  std::ranges::stable_sort(out, std::greater(), weight);
  return out;
}

}  // namespace mtcp::program
