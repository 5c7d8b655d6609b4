#include "mtcp/net/admission/penalties.hpp"

#include <algorithm>
#include <functional>

#include "mtcp/net/admission/origin.hpp"

namespace mtcp {

// Who was forgotten to make room has failed longest ago, and its penalty has passed in all likelihood.
penalties::entry& penalties::touch(const address& from) {
  const std::uint64_t host = origin::of(from).host();
  if (const auto found = index_.find(host); found != index_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
  } else {
    if (!recent_.empty() && recent_.size() >= how_.max_addresses) {
      index_.erase(recent_.back().host);
      recent_.pop_back();
    }
    recent_.push_front({host});
    index_.emplace(host, recent_.begin());
  }
  recent_.front().from = from;
  return recent_.front();
}

void penalties::add(const address& from, stranger why, core::timestamp now) {
  if (why == stranger::silent || why == stranger::wrong_clock) return;
  entry& of = touch(from);
  if (of.over <= now) of.locked = false;
  of.over = std::max(of.over, now) + how_.of_failure;
  of.over = std::min<core::timestamp>(of.over, now + how_.max_penalty);
  of.locked = of.locked || of.over - now >= how_.min_penalty;
}

void penalties::forgive(const address& from) {
  const auto found = index_.find(origin::of(from).host());
  if (found == index_.end()) return;
  recent_.erase(found->second);
  index_.erase(found);
}

bool penalties::locks_out(const address& from, core::timestamp now) const {
  const auto found = index_.find(origin::of(from).host());
  return found != index_.end() && is_locked(*found->second, now);
}

std::vector<penalties::row> penalties::locked_out(std::size_t most, core::timestamp now) const {
  std::vector<row> all;
  for (const entry& e : recent_)
    if (is_locked(e, now)) all.push_back({e.from, e.over - now});
  const std::size_t size = std::min(most, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(size), std::greater(), &row::left);
  all.resize(size);
  return all;
}

}  // namespace mtcp
