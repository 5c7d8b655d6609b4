#include "mtcp/net/session_directory.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "mtcp/net/acceptor_server.hpp"

namespace mtcp::detail {

session_directory::place session_directory::enter(const executor& where, std::weak_ptr<server> who) {
  const std::lock_guard lock(mutex_);
  members_.push_back({where, std::move(who)});
  return members_.size() - 1;
}

void session_directory::leave(place which) {
  const std::lock_guard lock(mutex_);
  members_[which].gone = true;
}

session_directory::place session_directory::home_of(const core::hello& said, place here) const {
  const std::lock_guard lock(mutex_);
  if (said.session != core::session_id{}) {
    const auto found = sessions_.find(said.session);
    return found == sessions_.end() ? here : found->second.home;
  }
  const auto load = [](const member& m) { return std::pair(m.gone, m.sessions); };
  const auto idlest = std::ranges::min_element(members_, {}, load);
  return static_cast<place>(idlest - members_.begin());
}

bool session_directory::add(const core::session_id& id, const key_id& owner, place home, std::size_t most) {
  const std::lock_guard lock(mutex_);
  const auto of_owner = std::ranges::count(sessions_, owner, [](const auto& known) { return known.second.owner; });
  if (static_cast<std::size_t>(of_owner) >= most) return false;
  sessions_.emplace(id, entry{home, owner});
  ++members_[home].sessions;
  return true;
}

void session_directory::remove(const core::session_id& id) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  --members_[found->second.home].sessions;
  sessions_.erase(found);
  shares_.remove(id);
  shedding_.erase(id);
}

bool session_directory::has_bridges(const asio::ip::address& from) const {
  const std::lock_guard lock(mutex_);
  return bridges_.contains(origin::of(from).host());
}

void session_directory::count(std::uint64_t host, bool comes) {
  const std::lock_guard lock(mutex_);
  const auto found = bridges_.try_emplace(host, 0).first;
  found->second = comes ? found->second + 1 : found->second - 1;
  if (found->second == 0) bridges_.erase(found);
}

bool session_directory::enter_bridge(const key_id& owner, std::size_t most) {
  const std::lock_guard lock(mutex_);
  std::size_t& own = bridges_of_keys_[owner];
  if (most != 0 && own >= most) return false;
  ++own;
  return true;
}

void session_directory::leave_bridge(const key_id& owner) {
  const std::lock_guard lock(mutex_);
  const auto found = bridges_of_keys_.find(owner);
  if (--found->second == 0) bridges_of_keys_.erase(found);
}

// ---- memory ----

void session_directory::set_memory_limits(const key_quotas& of) {
  const std::lock_guard lock(mutex_);
  shares_.clear_limits();
  for (const auto& [key, quota] : of) shares_.set_limit(key.bytes, quota.memory);
}

void session_directory::set_memory(const core::session_id& id, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  shares_.set(id, found->second.owner.bytes, bytes);
  if (const auto victim = shares_.to_shed()) have_shed(*victim);
}

// In a turn of its own: it may be at work, or in another thread. One order at a time.
void session_directory::have_shed(const memory_shares::victim& what) {
  const member& m = members_[sessions_.at(what.session).home];
  if (m.gone || !shedding_.insert(what.session).second) return;
  ++shed_total_;
  asio::post(m.where, [who = m.who, what] {
    if (const auto alive = who.lock()) alive->shed(what);
  });
}

void session_directory::has_shed(const core::session_id& id) {
  const std::lock_guard lock(mutex_);
  shedding_.erase(id);
}

session_directory::memory_report session_directory::memory() const {
  const std::lock_guard lock(mutex_);
  memory_report out{shares_.used(), shares_.limit(), shed_total_, {}};
  for (const auto& [id, e] : sessions_) {
    key_use& of = out.by_key[e.owner];
    of.memory = shares_.used_by(e.owner.bytes);
    ++of.sessions;
    if (const auto own = bridges_of_keys_.find(e.owner); own != bridges_of_keys_.end()) of.bridges = own->second;
  }
  return out;
}

// Under the lock, so that the member's io_context is still there. Chunks are counted by one thread: the other one gets
// copies of its own.
void session_directory::hand_over(place to, arrival bridge) {
  const std::lock_guard lock(mutex_);
  const member& m = members_[to];
  if (m.gone) return;
  arrival moved{std::move(bridge.channel).move_to(m.where), std::move(bridge.said), {}, bridge.from};
  for (const core::slice& s : bridge.rest) moved.rest.push_back(core::slice::copy_of(s.bytes()));
  asio::post(m.where, [who = m.who, moved = std::move(moved)]() mutable {
    if (const auto alive = who.lock()) alive->adopt(std::move(moved));
  });
}

}  // namespace mtcp::detail

namespace mtcp {

acceptor_group::acceptor_group(std::size_t memory) : directory_(std::make_unique<detail::session_directory>(memory)) {}
acceptor_group::~acceptor_group() = default;

}  // namespace mtcp
