#include "mtcp/net/dial/udp_names.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mtcp {

bool has_route(const ip_address& address) {
  const udp::endpoint to(address, 9);
  const int probe = ::socket(to.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno != EAFNOSUPPORT;  // without descriptors nothing is known
  const bool reachable = ::connect(probe, to.data(), static_cast<socklen_t>(to.size())) == 0;
  ::close(probe);
  return reachable;
}

udp_names::entry& udp_names::entry_of(const std::string& name, const std::vector<ip_address>& found) {
  if (const auto known = entries_.find(name); known != entries_.end() && known->second.found == found)
    return known->second;
  if (entries_.size() >= max_names) {
    entries_.clear();
    unanswered_ = 0;
  }
  entry& e = entries_[name];
  if (e.tried && !e.answered) --unanswered_;
  e = {.found = found, .order = found};
  std::ranges::stable_partition(e.order, reachable_);
  return e;
}

std::vector<ip_address> udp_names::order(const std::string& name, const std::vector<ip_address>& found,
                                         clock::time_point now) {
  entry& e = entry_of(name, found);
  const bool in_vain = e.tried && !e.answered && now >= e.since + patience;
  if (!in_vain || e.order.size() < 2) return e.order;
  std::ranges::rotate(e.order, e.order.begin() + 1);
  e.since = now;
  return e.order;
}

void udp_names::sent(const std::string& name, const ip_address& to, clock::time_point now) {
  const auto known = entries_.find(name);
  if (known == entries_.end()) return;
  entry& e = known->second;
  const auto place = std::ranges::find(e.order, to);
  const bool another = place != e.order.begin() && place != e.order.end();
  if (another) std::rotate(e.order.begin(), place, e.order.end());
  if (e.tried && !another) return;
  if (!e.tried || e.answered) ++unanswered_;
  e.tried = true;
  e.answered = false;
  e.since = now;
}

void udp_names::heard(const ip_address& from) {
  if (unanswered_ == 0) return;
  for (auto& [name, e] : entries_) {
    if (!e.tried || e.answered || e.order.front() != from) continue;
    e.answered = true;
    --unanswered_;
  }
}

}  // namespace mtcp
