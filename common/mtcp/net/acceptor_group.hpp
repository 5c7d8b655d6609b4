// Several acceptors that serve as one, each in a thread of its own.
//
//   const auto group = std::make_shared<mtcp::acceptor_group>();
//   options.group = group;
//   mtcp::acceptor front(io, options);           // listens
//   options.listen.clear();
//   mtcp::acceptor other(other_io, options);     // need not
//
// A tunnel lives whole at one member, at that with the fewest when it begins. Bridges may come in at any member that
// listens: after their HELLO they move where they belong, with their TLS state.
//
// The group may be shared by threads; each acceptor belongs to its own. An acceptor must be destroyed before its
// io_context, by its own thread or after that has ended.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "mtcp/core/hello.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/key.hpp"

namespace mtcp {

namespace detail {
struct arrival;
class server;
}  // namespace detail

class acceptor_group {
 public:
  acceptor_group();
  acceptor_group(const acceptor_group&) = delete;
  acceptor_group& operator=(const acceptor_group&) = delete;

 private:
  friend class detail::server;
  using place = std::size_t;

  struct member {
    executor where;
    std::weak_ptr<detail::server> who{};
    bool gone = false;
    std::size_t sessions = 0;
  };
  struct session_entry {
    place home;
    key_id owner;
  };

  const core::instance_id& instance() const noexcept { return instance_; }
  place enter(const executor& where, std::weak_ptr<detail::server> who);
  void leave(place which);

  /// Where a bridge with this HELLO belongs; `here` if nobody knows its session.
  place home_of(const core::hello& said, place here) const;
  /// False if `owner` has `most` sessions already.
  bool add(const core::session_id& id, const key_id& owner, place home, std::size_t most);
  void remove(const core::session_id& id);
  /// Moves a bridge that has said HELLO to another member. It is closed if that has gone.
  void hand_over(place to, detail::arrival bridge);

  core::instance_id instance_{};
  mutable std::mutex mutex_;  // protects what follows
  std::vector<member> members_;
  std::map<core::session_id, session_entry> sessions_;
};

}  // namespace mtcp
