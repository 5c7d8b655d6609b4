#include "mtcp/net/admission/crowd.hpp"

#include <functional>
#include <limits>

namespace mtcp {

std::size_t crowd::hash::operator()(const name& n) const noexcept {
  return std::hash<std::uint64_t>()((n.prefix ^ n.level) * 0x9e3779b97f4a7c15u);
}

crowd::rank crowd::rank_of(const name& within, const name& which, const group& g) {
  return {within, std::numeric_limits<std::size_t>::max() - g.size, g.since, which};
}

void crowd::insert(id who, const origin& from) {
  if (!all_.insert(who).second) return;
  hosts_[from.host()].insert(who);
  resize(who, from, true);
}

void crowd::erase(id who, const origin& from) {
  if (all_.erase(who) == 0) return;
  const auto host = hosts_.find(from.host());
  host->second.erase(who);
  if (host->second.empty()) hosts_.erase(host);
  resize(who, from, false);
}

void crowd::resize(id who, const origin& from, bool grows) {
  name within;
  for (std::size_t level = 0; level < origin::levels; ++level) {
    const name which = name_of(from, level);
    group& g = groups_.try_emplace(which, group{0, who}).first->second;
    ranks_.erase(rank_of(within, which, g));
    g.size = grows ? g.size + 1 : g.size - 1;
    if (g.size > 0)
      ranks_.insert(rank_of(within, which, g));
    else
      groups_.erase(which);
    within = which;
  }
}

crowd::id crowd::first_to_go() const {
  name within;
  for (std::size_t level = 0; level < origin::levels; ++level) within = first_within(within).which;
  return *hosts_.at(within.prefix).begin();
}

std::size_t crowd::largest() const { return empty() ? 0 : groups_.at(first_within({}).which).size; }

std::size_t crowd::size_of_group(const origin& from) const {
  const auto found = groups_.find(name_of(from, 0));
  return found == groups_.end() ? 0 : found->second.size;
}

std::size_t crowd::size_of_host(const origin& from) const {
  const auto found = hosts_.find(from.host());
  return found == hosts_.end() ? 0 : found->second.size();
}

}  // namespace mtcp
