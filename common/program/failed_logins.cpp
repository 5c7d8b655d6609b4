#include "program/failed_logins.hpp"

#include <algorithm>
#include <functional>

#include "mtcp/address.hpp"
#include "mtcp/net/admission/origin.hpp"

namespace mtcp::program {

failed_logins::entry& failed_logins::touch(const address& from) {
  const std::uint64_t host = origin::of(from).host();
  if (const auto found = by_host_.find(host); found != by_host_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front();
  }
  if (recent_.size() >= max_hosts) {
    by_host_.erase(recent_.back().host);
    recent_.pop_back();
  }
  recent_.push_front({host});
  by_host_.emplace(host, recent_.begin());
  return recent_.front();
}

failed_logins::entry& failed_logins::count(const address& from, clock::time_point now) {
  entry& of = touch(from);
  if (now - of.last > memory) of.streak = 0;
  of.from = unmapped(from);
  of.last = now;
  ++of.count;
  ++of.untold;
  ++total_;
  return of;
}

// Failures of a host wait one behind the other: to ask in parallel is no quicker.
failed_logins::verdict failed_logins::add(const address& from, std::string_view why, std::string_view who,
                                          clock::time_point now) {
  constexpr unsigned doublings = 5;
  entry& of = count(from, now);
  of.guesses.refill(now.time_since_epoch());
  of.guesses.spend(1);
  const auto pause = std::min<clock::duration>(first_pause * (1 << std::min(of.streak, doublings)), longest_pause);
  of.answer_at = std::min<clock::time_point>(std::max(of.answer_at, now) + pause, now + longest_wait);
  ++of.streak;
  return {std::chrono::ceil<std::chrono::milliseconds>(of.answer_at - now), tell(of, why, who, now)};
}

void failed_logins::succeed(const address& from, clock::time_point now) { touch(from).trusted_until = now + memory; }

bool failed_logins::refuses(const address& from, clock::time_point now) {
  const auto found = by_host_.find(origin::of(from).host());
  if (found == by_host_.end()) return false;
  entry& of = *found->second;
  if (now >= of.trusted_until) return of.answer_at - now > patience;
  of.guesses.refill(now.time_since_epoch());
  return of.guesses.level() < 1;
}

std::optional<std::string> failed_logins::refuse(const address& from, clock::time_point now) {
  return tell(count(from, now), "too many before", {}, now);
}

// The address stands before the name, which is what a stranger wants it to be: packages/fail2ban relies on that.
std::optional<std::string> failed_logins::tell(entry& of, std::string_view why, std::string_view who,
                                               clock::time_point now) {
  if (of.told != clock::time_point() && now - of.told < std::chrono::seconds(1)) return {};
  lines_.refill(now.time_since_epoch());
  if (lines_.empty()) return {};
  lines_.spend(1);
  std::string line = what_ + " from " + of.from.to_string() + ", " + std::string(why);
  if (of.untold > 1) line += ", " + std::to_string(of.untold) + " times";
  if (!who.empty()) line += ", as '" + std::string(who) + "'";
  of.told = now;
  of.untold = 0;
  return line;
}

std::vector<failed_logins::row> failed_logins::worst(std::size_t most) const {
  std::vector<row> all;
  for (const entry& e : recent_)
    if (e.count != 0) all.push_back({e.from, e.count});
  const std::size_t size = std::min(most, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(size), std::greater(), &row::count);
  all.resize(size);
  return all;
}

}  // namespace mtcp::program
