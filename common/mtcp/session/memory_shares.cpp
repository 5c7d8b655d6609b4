#include "mtcp/session/memory_shares.hpp"

namespace mtcp {

void memory_shares::set_limit(const owner_id& of, std::size_t limit) {
  if (limit == 0)
    limits_.erase(of);
  else
    limits_[of] = limit;
}

void memory_shares::change(account& a, const owner_id& of, std::size_t used) {
  by_size_.erase({a.used, of});
  used_ += used;
  used_ -= a.used;
  a.used = used;
  by_size_.insert({used, of});
}

void memory_shares::set(const core::session_id& which, const owner_id& of, std::size_t bytes) {
  const auto [found, is_new] = sessions_.try_emplace(which, entry{of, 0});
  entry& e = found->second;
  if (!is_new && e.used == bytes) return;
  account& a = accounts_[of];
  a.sessions.erase({e.used, which});
  a.sessions.insert({bytes, which});
  change(a, of, a.used - e.used + bytes);
  e.used = bytes;
}

void memory_shares::remove(const core::session_id& which) {
  const auto found = sessions_.find(which);
  if (found == sessions_.end()) return;
  const entry gone = found->second;
  sessions_.erase(found);
  account& a = accounts_.at(gone.owner);
  a.sessions.erase({gone.used, which});
  change(a, gone.owner, a.used - gone.used);
  if (!a.sessions.empty()) return;
  by_size_.erase({a.used, gone.owner});
  accounts_.erase(gone.owner);
}

std::size_t memory_shares::used_by(const owner_id& of) const {
  const auto found = accounts_.find(of);
  return found == accounts_.end() ? 0 : found->second.used;
}

std::optional<memory_shares::victim> memory_shares::to_shed() const {
  for (const auto& [owner, limit] : limits_)
    if (const auto found = accounts_.find(owner); found != accounts_.end() && found->second.used > limit)
      return victim{found->second.sessions.rbegin()->second, excess(found->second.used, limit), true};
  if (limit_ == 0 || used_ <= limit_) return std::nullopt;
  const account& largest = accounts_.at(by_size_.rbegin()->second);
  return victim{largest.sessions.rbegin()->second, excess(used_, limit_), false};
}

}  // namespace mtcp
