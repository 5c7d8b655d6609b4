// All the programs that use the tunnel: starts them by their plans, brings them their events, and judges at the end
// whether both ends of each stream saw what they had to see.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "sim/actor.hpp"
#include "sim/endpoint.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/plan.hpp"

namespace mtcp::sim {

class programs {
 public:
  struct conversation {
    conversation(event_queue& events, const stream_plan& p, endpoint& client_end, endpoint& server_end, journal& log)
        : plan(p),
          client(events, client_end, p.client, mix(p.seed), mix(p.seed + 1), log),
          server(events, server_end, p.server, mix(p.seed + 1), mix(p.seed), log) {}
    stream_plan plan;
    actor client;
    actor server;
    core::stream_id id = 0;
    bool known_to_server = false;
    bool answered = false;
  };

  programs(event_queue& events, endpoint& client, endpoint& server, const std::vector<stream_plan>& plans,
           journal& log);

  void on_client_event(const core::event& what);
  void on_server_event(const core::event& what);

  /// Nobody has anything left to do but those who are stuck for good and their peers.
  bool finished() const;
  /// For a reader of the trace: who is not done.
  void note_unfinished() const;
  /// Ends those.
  void abandon();
  /// Reports every stream that did not end as it had to.
  void judge() const;
  const std::vector<std::unique_ptr<conversation>>& all() const noexcept { return conversations_; }

 private:
  void open(conversation& c);
  void incoming(core::stream_id id);
  void answer(conversation& c);
  void judge(const conversation& c) const;
  void judge_direction(const conversation& c, const actor& from, const actor& to, const char* name) const;

  event_queue& events_;
  endpoint& client_;
  endpoint& server_;
  journal& log_;
  std::vector<std::unique_ptr<conversation>> conversations_;
  std::map<core::stream_id, conversation*> by_id_;
};

}  // namespace mtcp::sim
