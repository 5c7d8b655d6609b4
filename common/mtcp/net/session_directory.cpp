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
}

// Under the lock, so that the member's io_context is still there. Chunks are counted by one thread: the other one gets
// copies of its own.
void session_directory::hand_over(place to, arrival bridge) {
  const std::lock_guard lock(mutex_);
  const member& m = members_[to];
  if (m.gone) return;
  arrival moved{std::move(bridge.channel).move_to(m.where), std::move(bridge.said), {}};
  for (const core::slice& s : bridge.rest) moved.rest.push_back(core::slice::copy_of(s.bytes()));
  asio::post(m.where, [who = m.who, moved = std::move(moved)]() mutable {
    if (const auto alive = who.lock()) alive->adopt(std::move(moved));
  });
}

}  // namespace mtcp::detail

namespace mtcp {

acceptor_group::acceptor_group() : directory_(std::make_unique<detail::session_directory>()) {}
acceptor_group::~acceptor_group() = default;

}  // namespace mtcp
