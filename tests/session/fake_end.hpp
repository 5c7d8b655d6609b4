// One end of a tunnel in the hands of a test: a session, its links, and what it tells its owner. The test says when it
// works, and carries what its links have been given.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "mtcp/session/session.hpp"
#include "session/fake_link.hpp"

namespace mtcp::test {

class fake_end final : session::owner {
 public:
  /// The peer has the same limits.
  fake_end(core::role role, const core::limits& limits, core::timestamp now) : core(role, limits, *this, now) {
    engine().set_peer_limits(core::announced(limits), now);
  }

  core::engine& engine() { return core.engine(); }

  fake_link& attach(core::bridge_id id, const core::bridge_options& use, core::timestamp now) {
    fake_link& added = links_[id];
    core.attach(id, added, use, 0, now);
    return added;
  }
  /// Nothing, if the bridge is gone.
  void detach(core::bridge_id id, core::timestamp now) {
    if (core.find_bridge(id) == nullptr) return;
    core.detach(id, now);
    links_.erase(id);
  }

  /// A turn. A link that the session has closed is detached, as who runs one does.
  void work(core::timestamp now) {
    core.work(now);
    for (auto it = links_.begin(); it != links_.end();) {
      const auto& [id, connection] = *it++;
      if (connection.closed > 0) forget_closed(id, now);
    }
  }
  /// Empties the links: `carry(bridge, slices)` is given what each of them has been given since.
  template <class Carry>
  void send(Carry carry) {
    for (auto& [id, connection] : links_) {
      if (!connection.sent.empty()) carry(id, connection.sent);
      connection.sent.clear();
      if (connection.clear()) core.on_room(id);
    }
  }

  session core;
  /// What the session has told. That an engine wants a bridge closed it tells nobody: that is here once the link is.
  std::vector<core::event> events;

 private:
  void wake() override {}
  void on_event(const core::event& what, core::timestamp) override { events.push_back(what); }

  void forget_closed(core::bridge_id id, core::timestamp now) {
    events.emplace_back(core::events::bridge_closed{id, core::bridge_end::silent});
    detach(id, now);
  }

  std::map<core::bridge_id, fake_link> links_;
};

}  // namespace mtcp::test
