// What the members of an acceptor_group know of each other: at which member each session lives, and how to reach that
// member. Shared by threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/key.hpp"
#include "mtcp/key_quota.hpp"
#include "mtcp/net/admission/origin.hpp"
#include "mtcp/net/tls/replay_memory.hpp"
#include "mtcp/session/memory_shares.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp::detail {

struct arrival;
class server;

class session_directory {
 public:
  using place = std::size_t;

  explicit session_directory(std::size_t memory) : shares_(memory) { random_fill(instance_); }

  const core::instance_id& instance() const noexcept { return instance_; }
  /// Who has come to any member.
  const std::shared_ptr<replay_memory>& seen() const noexcept { return seen_; }
  place enter(const executor& where, std::weak_ptr<server> who);
  void leave(place which);

  /// Where a bridge with this HELLO belongs; `here` if nobody knows its session.
  place home_of(const core::hello& said, place here) const;
  /// False if `owner` has `most` sessions already.
  bool add(const core::session_id& id, const key_id& owner, place home, std::size_t most);
  void remove(const core::session_id& id);
  /// A bridge from `from`, for as long as it exists.
  class visitor {
   public:
    visitor(session_directory& at, const asio::ip::address& from) : at_(at), host_(origin::of(from).host()) {
      at_.count(host_, true);
    }
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;
    ~visitor() { at_.count(host_, false); }

   private:
    session_directory& at_;
    std::uint64_t host_;
  };
  bool has_bridges(const asio::ip::address& from) const;
  /// A bridge of a key, of all members, for as long as it exists; not granted if there are `most` of them. 0: any
  /// number.
  class bridge_place {
   public:
    bridge_place(session_directory& among, const key_id& owner, std::size_t most)
        : among_(among), owner_(owner), granted_(among.enter_bridge(owner, most)) {}
    bridge_place(const bridge_place&) = delete;
    bridge_place& operator=(const bridge_place&) = delete;
    ~bridge_place() {
      if (granted_) among_.leave_bridge(owner_);
    }
    bool granted() const noexcept { return granted_; }

   private:
    session_directory& among_;
    key_id owner_;
    bool granted_;
  };

  // ---- memory, of all members together ----

  void set_memory_limits(const key_quotas& of);
  /// A session holds so much now. If that is too much for all, whichever has to shed is told, in its own thread.
  void set_memory(const core::session_id& id, std::size_t bytes);
  /// A session was told to shed, and has.
  void has_shed(const core::session_id& id);
  struct memory_report {
    std::size_t used = 0, limit = 0;
    std::uint64_t shed_total = 0;  ///< times that a session had to give memory back
    std::map<key_id, key_use> by_key{};
  };
  memory_report memory() const;

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

  void count(std::uint64_t host, bool comes);
  bool enter_bridge(const key_id& owner, std::size_t most);
  void leave_bridge(const key_id& owner);
  void have_shed(const memory_shares::victim& what);

  core::instance_id instance_{};
  std::shared_ptr<replay_memory> seen_ = std::make_shared<replay_memory>();
  mutable std::mutex mutex_;  // protects what follows
  std::vector<member> members_;
  std::map<core::session_id, entry> sessions_;
  std::unordered_map<std::uint64_t, std::size_t> bridges_;  // by host
  std::map<key_id, std::size_t> bridges_of_keys_;
  memory_shares shares_;
  std::set<core::session_id> shedding_;  // that have been told to
  std::uint64_t shed_total_ = 0;
};

}  // namespace mtcp::detail
