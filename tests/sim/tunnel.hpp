// A run: a client, the servers, the connections between them, and what the plan says will happen to these. The client
// dials, greets, replaces and gives up by its own policy, the one that the programs use; here is only what carries it
// out.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/uplinks.hpp"
#include "sim/bridge_socket.hpp"
#include "sim/connection.hpp"
#include "sim/driver.hpp"
#include "sim/event_queue.hpp"
#include "sim/journal.hpp"
#include "sim/plan.hpp"
#include "sim/programs.hpp"
#include "sim/server.hpp"

namespace mtcp::sim {

class tunnel final : private worker {
 public:
  explicit tunnel(const plan& p, journal::notes notes = journal::notes::dropped);
  tunnel(const tunnel&) = delete;
  tunnel& operator=(const tunnel&) = delete;

  /// Plays the plan to its end and checks it; true when nothing was wrong.
  bool run();
  /// Lets the virtual time pass up to `when`, without any judgement.
  void run_until(timestamp when);

  event_queue& events() noexcept { return events_; }
  const client_policy& client() const noexcept { return client_; }
  /// Of the session that the client has.
  core::engine& client_engine() const { return client_.current()->core.engine(); }
  core::engine& server_engine() const;
  const programs& streams() const noexcept { return programs_; }
  const journal& log() const noexcept { return log_; }
  void fail(const std::string& what) { log_.fail("%s", what.c_str()); }

  struct totals {
    std::uint64_t wire_bytes = 0;  ///< written to links of both directions, first transmissions
    std::uint64_t retransmitted = 0;
    std::size_t dialled = 0;
    std::size_t blocks = 0;     ///< of SYNs, that dials have set off
    std::size_t suspected = 0;  ///< times that the client was told that a bridge makes no progress
  };
  totals count() const;

 private:
  // One attempt at a bridge on a path; kept until the end of the run, since events refer to it.
  struct dialled {
    client_policy::dial_id id = 0;
    std::size_t path = 0;
    timestamp at{0};
    std::unique_ptr<connection> carrier{};
    bool failed = false;
    bool counted = false;   ///< among the connections of its path, by the network
    bool answered = false;  ///< its SYN
    bool is_refused = false;
    bool welcome_is_lost = false;
    std::unique_ptr<bridge_socket> client{}, server{};  ///< once the bridge is up at that end
    std::optional<client_policy::attached> bridge{};
    server_sessions::session_ref session{};
    core::bridge_id bridge_id = 0;
    std::vector<core::slice> early{};     ///< delivered to the client before it was up
    std::vector<const fault*> waiting{};  ///< for so many bytes
  };
  // The state of a path that outlives its connections.
  struct path_state {
    timestamp held_until{0};
    timestamp swallowed_until{0};
    std::uint64_t rate = 0;        ///< 0: as planned
    std::optional<double> loss{};  ///< of packets
    std::size_t dialled = 0;
    std::optional<timestamp> last_syn{};
    timestamp blocked_until{0};
    std::size_t blocks = 0;
    bottleneck_pair common{};
  };

  void work(core::timestamp now) override;
  std::optional<core::timestamp> next_deadline() const override;
  void on_trace(const trace::event& what);

  // tunnel_dial.cpp
  void carry_out_actions();
  void carry_out(client_policy::dial wanted);
  void carry_out(client_policy::greet wanted);
  void carry_out(client_policy::abandon wanted);
  bottleneck_pair bottlenecks_of(std::size_t path);
  bool lets_syn_through(std::size_t path);
  bool is_one_too_many(dialled& d);
  void send_syn(dialled& d, duration repeat);
  connection::socket_handlers client_handlers(dialled& d);
  connection::socket_handlers server_handlers(dialled& d);
  void apply_state(dialled& d);
  void fail_dial(dialled& d, error_code why);
  void when_passable(dialled& d, duration later, std::function<void()> what);
  void hear_hello(dialled& d, const core::hello& said);
  void hear_welcome(dialled& d, const core::welcome& got);
  void detach_client(dialled& d);
  void detach_server(dialled& d);

  // tunnel_faults.cpp
  void strike(const fault& f);
  void strike(const fault& f, dialled& d);
  void remember(const fault& f);
  void watch_bytes(dialled& d);
  void happen(const incident& i);
  void begin(const absence& a);
  void end(const absence& a);
  void see_interfaces();
  void change_paths();
  void end_server(std::size_t which, duration down);
  void begin_server(std::size_t which);
  void stop_client();

  void play();
  void note_bridges();
  void settle_down();
  bool client_is_quiet() const;
  bool servers_are_quiet() const;
  void report_leftovers();
  void check_memory();
  void check_memory(const char* whose, const core::engine& engine);
  void check_pace_of_dials();

  plan plan_;
  event_queue events_;
  journal log_;
  random chance_;
  programs programs_;
  driver driver_;
  client_policy client_;
  std::vector<std::size_t> numbered_;  ///< index in the plan, by the client's number of a path
  uplinks uplinks_{{{"*", {}}}, {}};
  std::vector<interface_state> interfaces_;  ///< by path of the plan; index 0: there is none
  unsigned last_index_ = 1000;
  std::vector<path_state> paths_;
  std::map<std::size_t, bottleneck_pair> shared_;
  std::map<client_policy::dial_id, dialled*> dials_;
  std::vector<std::unique_ptr<dialled>> dialled_;
  std::vector<std::unique_ptr<server>> servers_;  ///< by number; null while none listens
  std::vector<std::unique_ptr<server>> dead_;     ///< kept: events may refer to them
  std::set<const fault*> struck_;                 ///< of those that wait for bytes: each strikes once
  /// When something happened on a path (by its name) that a dial answers: a bridge was lost, or was suspected.
  std::multimap<std::string, timestamp> reasons_to_dial_;
  std::size_t suspected_ = 0;
};

}  // namespace mtcp::sim
