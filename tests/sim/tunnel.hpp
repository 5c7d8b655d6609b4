// A run: two endpoints, the connections between them, and what the plan says will happen to these. Also dials, and
// dials again, as the client's net layer does.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/connection.hpp"
#include "sim/endpoint.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/plan.hpp"
#include "sim/programs.hpp"

namespace mtcp::sim {

class tunnel {
 public:
  explicit tunnel(const plan& p, bool verbose = false);
  tunnel(const tunnel&) = delete;
  tunnel& operator=(const tunnel&) = delete;

  /// Plays the plan to its end and checks it; true when nothing was wrong.
  bool run();
  /// Lets the virtual time pass up to `when`, without any judgement.
  void run_until(timestamp when);

  event_queue& events() noexcept { return events_; }
  endpoint& client() noexcept { return client_; }
  endpoint& server() noexcept { return server_; }
  const programs& streams() const noexcept { return programs_; }
  const journal& log() const noexcept { return log_; }
  void fail(const std::string& what) { log_.fail("%s", what.c_str()); }

  struct totals {
    std::uint64_t wire_bytes = 0;  ///< written to links of both directions, first transmissions
    std::uint64_t retransmitted = 0;
    std::size_t dialled = 0;
    std::size_t suspected = 0;  ///< times that the client was told that a bridge makes no progress
  };
  totals count() const;

 private:
  // One attempt at a bridge on a path; kept until the end of the run, since events refer to it.
  struct dialled {
    core::bridge_id id;
    std::size_t path;
    std::unique_ptr<sim::connection> carrier;
    bool replaced = false;                                         ///< something else was dialled in its place
    std::vector<core::bridge_count> client_counts, server_counts;  ///< as HELLO and WELCOME carry them
    std::vector<const fault*> waiting;                             ///< for so many bytes
  };
  // The state of a path that outlives its connections.
  struct path_state {
    timestamp held_until{0};
    timestamp swallowed_until{0};
    std::uint64_t rate = 0;  ///< 0: as planned
  };

  bottleneck_pair bottlenecks_of(std::size_t path);
  connection::socket_handlers handlers_of(side which, dialled& d);
  void dial(std::size_t path);
  void apply_state(dialled& d);
  void send_hello(dialled& d);
  void send_welcome(dialled& d);
  void welcomed(dialled& d);
  void on_lost(core::bridge_id id);
  void on_suspect(core::bridge_id id);
  void replace(dialled& d);

  void strike(const fault& f);
  void strike(const fault& f, dialled& d);
  void remember(const fault& f);
  void watch_bytes(dialled& d);

  void play();
  void note_bridges() const;
  void settle_down();
  bool quiet(endpoint& e) const;
  void report_leftovers(endpoint& e);

  plan plan_;
  event_queue events_;
  journal log_;
  random chance_;
  endpoint client_;
  endpoint server_;
  programs programs_;
  std::vector<path_state> paths_;
  std::map<std::size_t, bottleneck_pair> shared_;
  std::vector<std::unique_ptr<dialled>> dialled_;  ///< by bridge id, from 1
  std::set<const fault*> struck_;                  ///< of those that wait for bytes: each strikes once
  std::size_t suspected_ = 0;
  bool ending_ = false;
};

}  // namespace mtcp::sim
