// What the members of an acceptor_group know of each other: at which member each session lives, and how to reach that
// member. Shared by threads.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/key.hpp"

namespace mtcp::detail {

struct arrival;
class server;

class session_directory {
 public:
  using place = std::size_t;

  session_directory() { random_fill(instance_); }

  const core::instance_id& instance() const noexcept { return instance_; }
  place enter(const executor& where, std::weak_ptr<server> who);
  void leave(place which);

  /// Where a bridge with this HELLO belongs; `here` if nobody knows its session.
  place home_of(const core::hello& said, place here) const;
  /// False if `owner` has `most` sessions already.
  bool add(const core::session_id& id, const key_id& owner, place home, std::size_t most);
  void remove(const core::session_id& id);
  /// Moves a bridge that has said HELLO to another member. It is closed if that has gone.
  void hand_over(place to, arrival bridge);

 private:
  struct member {
    executor where;
    std::weak_ptr<server> who{};
    bool gone = false;
    std::size_t sessions = 0;
  };
  struct entry {
    place home;
    key_id owner;
  };

  core::instance_id instance_{};
  mutable std::mutex mutex_;  // protects what follows
  std::vector<member> members_;
  std::map<core::session_id, entry> sessions_;
};

}  // namespace mtcp::detail
