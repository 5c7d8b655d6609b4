// What a client does to keep its tunnel up: dial, greet, join or create a session, replace what is suspect, let go what
// is not needed, and wait. Pure: whoever runs it carries out next_action() and tells what came of it, in the programs
// over sockets, in the simulator over simulated ones.
//
//   dial{id, path}   make a connection on that path; then connected(id) or dial_failed(id)
//   greet{id, hello} say HELLO on it;               then welcomed(id) and attach(id), or dial_failed(id)
//   abandon{id}      its path is gone: end it;      then dial_failed(id), unless that is on its way
//
// Paths may come and go while it runs. One that goes takes its bridges along, as if their connections had failed: what
// was under way on them is sent again on others.
//
// Actions follow from calls that take the time and from work(); poll them after each.
//
// Only one dial creates a session; the others wait for its id and join. A session outlives its last bridge by
// resume_timeout. As long as one bridge lives a foreign server only closes its own path; without any, the next dial
// creates a new session.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/session/openings.hpp"
#include "mtcp/session/path.hpp"
#include "mtcp/session/reverse_listeners.hpp"
#include "mtcp/session/session.hpp"
#include "mtcp/session/trace.hpp"
#include "mtcp/session/traffic_look.hpp"
#include "mtcp/session/worker.hpp"

namespace mtcp {

struct client_settings {
  std::vector<path_settings> paths{};  ///< at least one, unless paths may come
  bool paths_come = false;             ///< add_path() will be called
  core::limits limits{};
  core::duration resume_timeout = std::chrono::seconds(60);  ///< streams outlive the last bridge by this much
  core::duration connect_wait = std::chrono::seconds(5);     ///< so long streams to open wait for the first bridge
  core::duration first_backoff = std::chrono::milliseconds(100);
  core::duration longest_backoff = std::chrono::seconds(10);
  core::duration suspicion = std::chrono::seconds(10);  ///< a bridge without progress counts as unwell for so long
  core::duration renew_after = std::chrono::hours(1);   ///< so old a bridge gets a successor, give or take; 0: never
  std::uint64_t seed = 0;                               ///< of the jitter of pauses
  std::vector<reverse_options> reverse{};               ///< what the server is to listen on
};

/// A session as its client knows it. Who runs a bridge holds a reference.
struct client_session {
  client_session(const core::limits& limits, session::owner& of, core::timestamp now)
      : core(core::role::client, limits, of, now) {}

  session core;
  core::session_id id{};
  core::join_secret secret{};
  core::instance_id instance{};
  core::bridge_id last_bridge = 0;
  core::duration resume_timeout{0};  ///< both ends keep it for so long without bridges
  bool server_leaves = false;        ///< it opens no more streams
};

class client_policy final : public worker, private session::owner {
 public:
  using session_ref = std::shared_ptr<client_session>;
  using dial_id = std::uint64_t;

  struct dial {
    dial_id id;
    std::size_t path;
    std::optional<core::duration> patience;  ///< for an answer to the SYN; the dial has failed (timed_out) then
  };
  struct greet {
    dial_id id;
    core::hello hello;
  };
  struct abandon {
    dial_id id;
  };
  using action = std::variant<dial, greet, abandon>;
  /// So many paths have a number; of those that are gone the one that went first gives its number away.
  static constexpr std::size_t max_paths = 64;

  /// All must outlive it. Throws std::invalid_argument if there is no path and none may come, or one without bridges.
  client_policy(client_settings settings, waker& woken, openings::listener& openers, trace::observer traced = {});

  // ---- commands ----

  void start(core::timestamp now);
  /// Streams are reset and the server is told; nothing is dialled any more. What still connects should be aborted.
  void stop(core::duration patience, core::timestamp now);
  /// Ends at once what is left after stop().
  void end() { end_session(errc::going_away); }

  /// Returns its number. One of the same name that is gone comes back under its number, and its counters go on; what
  /// was learnt of the network does not count any more. Empty if there are too many.
  std::optional<std::size_t> add_path(const path_settings& added);
  /// From now on the path of that name has this role, and all of its bridges together this limit (bytes per second in
  /// each direction, 0 for none); also when it goes and comes back. Without a role its bridges give way to others.
  /// False if there is no such path.
  bool change_path(const std::string& name, core::path_role role, std::uint64_t rate_limit, core::timestamp now);
  /// Its bridges and dials end. Does nothing if it is gone already.
  void retire_path(std::size_t number, core::timestamp now);

  /// The network of a path is there again, or is another one now: unless it has healthy bridges, what waits for an
  /// answer or a pause is dialled at once. Does nothing if the path is gone.
  void dial_anew(std::size_t number, core::timestamp now);

  std::uint64_t next_ticket() { return openings_.next_ticket(); }
  void open(std::uint64_t ticket, core::target to, std::vector<std::byte> early, core::timestamp now);
  void cancel_open(std::uint64_t ticket, core::timestamp now);
  bool close_stream(core::stream_id id);
  /// Who takes the streams that the server opens; they are refused without.
  void hand_accepted_to(reverse_listeners::listener& taker) { reverse_.hand_to(taker); }
  /// The server is to listen no more; streams that it has opened go on.
  void stop_listening(core::timestamp now);
  /// False if there is no such bridge.
  bool enable_bridge(core::bridge_id id, bool on);

  // ---- dials ----

  std::optional<action> next_action();
  /// The connection is up, the key agreed.
  void connected(dial_id id, core::timestamp now);
  /// The server has answered. After an error the dial has failed, and is forgotten.
  error_code welcomed(dial_id id, const core::welcome& got, core::timestamp now);
  /// The bridge begins. `connection` must live until detach().
  struct attached {
    session_ref session;
    core::bridge_id bridge;
  };
  attached attach(dial_id id, link& connection, core::timestamp now);
  /// At any point before attach().
  void dial_failed(dial_id id, error_code why, core::timestamp now);
  /// The connection of a bridge is closed and about to go.
  void detach(const attached& gone, core::timestamp now);

  // ---- turns ----

  void work(core::timestamp now) override;
  std::optional<core::timestamp> next_deadline() const override;

  // ---- getters ----

  bool stopped() const noexcept { return stage_ == stage::stopped; }
  /// Null while there is none.
  const session_ref& current() const noexcept { return session_; }
  std::size_t bridge_count() const { return session_ ? session_->core.bridge_count() : 0; }
  void describe(tunnel_snapshot& out, core::timestamp now) const;
  /// Bytes of packets that the bridges of the path of that name have had so far, both ways together, with those that
  /// were sent again and the headers of TCP and IP, but without dials that failed; 0 if there is no such path. Costs a
  /// system call for each bridge.
  std::uint64_t on_wire(const std::string& path, core::timestamp now) const;

 private:
  struct pending {
    std::size_t path;
    core::timestamp begun;
    session_ref tried{};  ///< the session that the HELLO asked for; null if it creates one
    core::bridge_id bridge = 0;
    core::bridge_options use{};
    bool connected = false;
    bool greeted = false;
    std::vector<core::bridge_count> counts{};  ///< as the WELCOME has them
  };
  /// So long bridges that are not wanted any more are waited for.
  static constexpr std::chrono::seconds longest_farewell{2};
  enum class stage : std::uint8_t { idle, running, stopped };
  /// When maintain() is due.
  struct upkeep {
    bool wanted = false;  ///< at once
    std::optional<core::timestamp> next{};
  };
  /// At what is carried.
  struct looks {
    std::size_t tuned_path = 0;  ///< whose turn it is
    traffic_look for_tuner{bridge_tuner::interval};
    traffic_look for_rotation{rotation::interval};
  };

  void wake() override { waker_.wake(); }
  void on_event(const core::event& what, core::timestamp now) override;
  void trace_event(const trace::event& what) const;

  // Paths that come and go (client_paths.cpp).
  backoff pauses_of(std::size_t number) const;
  std::optional<std::size_t> number_for(const std::string& name) const;
  bool is_in_use(std::size_t number) const;
  path_settings as_changed(path_settings given) const;
  void use_bridges(std::size_t path);
  void abandon_dials(std::size_t path);
  void let_go_unwanted(std::size_t path, core::timestamp now);

  // Keeping bridges up.
  void maintain_soon();
  void maintain(core::timestamp now);
  void maintain(std::size_t path, core::timestamp now);
  void retire_surplus(std::size_t path, core::timestamp now);
  void share_rate(std::size_t path);
  std::uint64_t stream_bytes() const;  // that the session has carried, both ways together
  void tune(core::timestamp now);
  bool stir_looks(core::timestamp now);
  core::duration idle_interval() const;
  void rotate(core::timestamp now);
  void rotate(std::size_t path, core::timestamp now);
  void on_retired(const bridge& b, core::timestamp now);
  void close_retired(std::size_t path, core::timestamp now);
  core::duration round_trip(std::size_t path) const;
  bool outgoing(const bridge& b) const;
  // Bridges that fall silent (client_suspects.cpp).
  void on_suspect(const core::events::bridge_suspect& what, core::timestamp now);
  void on_recovered(const core::events::bridge_recovered& what);
  void on_moved(bridge& again);
  void review_doubts(std::size_t path, core::timestamp now);
  std::optional<core::timestamp> next_turn_of_suspicion(std::size_t path, core::timestamp now) const;
  void let_replaced_suspects_go(std::size_t path, core::timestamp now);
  core::timestamp replaced_from(const bridge& suspect) const;
  void replace_suspect(std::size_t path, core::timestamp now);
  // Bridges that carry only so much (client_budgets.cpp).
  void note_silence(bridge& silent, core::timestamp now);
  void note_freeze(const bridge& silent, const freeze_watch::carried& by_then, core::timestamp now);
  void note_small_packets(std::size_t path, core::bridge_id silent, core::timestamp up_since, std::uint64_t carried,
                          core::timestamp now);
  void note_large_packets(std::size_t path, core::timestamp now);
  void close_frozen(std::size_t path, core::timestamp now);
  void review_budgets(core::timestamp now);
  void review_budgets(std::size_t path, core::timestamp now);
  bool has_spent_bridges() const;
  // Bridges that are old enough (client_renewal.cpp).
  void plan_renewal(bridge& fresh, core::duration about, core::timestamp now);
  void renew(core::timestamp now);
  void renew(std::size_t path, core::timestamp now);
  void put_off_renewal(std::size_t path, core::timestamp now);
  bridge* being_renewed(std::size_t path) const;  // null while none is
  bridge* next_to_renew(std::size_t path) const;
  std::optional<core::timestamp> next_renewal(std::size_t path, core::timestamp now) const;
  std::vector<bridge*> bridges_of(std::size_t path) const;
  std::size_t up_bridges(std::size_t path) const;
  bool hears(std::size_t path, core::timestamp now) const;
  bool must_make_room(std::size_t path, core::timestamp now) const;
  void give_up_unanswered(std::size_t path, core::timestamp now);
  path::bridge_counts count_bridges(std::size_t path, core::timestamp now) const;
  std::size_t healthy_bridges(std::size_t path, core::timestamp now) const;
  std::optional<core::timestamp> next_maintenance(core::timestamp now);

  void describe_bridges_of(tunnel_snapshot& out, std::size_t place, core::timestamp now) const;
  void describe_session(tunnel_snapshot& out, const std::vector<std::size_t>& places, core::timestamp now) const;

  // Without any bridge.
  void note_outage(core::timestamp now);
  std::optional<core::timestamp> refuses_from() const;
  bool refuses(core::timestamp now) const;
  error_code why_refused() const;

  // Dials.
  void greet_connected();
  void greet_one(dial_id id, pending& p);
  pending forget(dial_id id);
  error_code accept(const core::welcome& got, pending& p, core::timestamp now);
  void begin_session(const core::welcome& got, pending& p, core::timestamp now);
  void on_dial_failed(const pending& p, error_code why, core::timestamp now);
  void on_quota_used_up(path& on, core::timestamp now);
  void on_foreign_server(path& of, const session_ref& tried, error_code why, core::timestamp now);
  void on_bridge_over(const session::lost_bridge& gone, core::timestamp now);

  // The session.
  void end_session(error_code why, const std::string& because = {});
  void on_last_bridge_lost(core::timestamp now);

  client_settings settings_;
  waker& waker_;
  trace::observer trace_;
  openings openings_;
  reverse_listeners reverse_;
  std::vector<path> paths_;
  std::map<std::string, core::bridge_options> changed_paths_;  // by the user, by name
  stage stage_ = stage::idle;

  std::map<dial_id, pending> dials_;
  dial_id last_dial_ = 0;
  std::optional<dial_id> creating_;  // this dial is about to create a session; the others wait for it
  std::deque<action> actions_;

  session_ref session_;
  std::optional<core::timestamp> session_expires_;
  std::optional<core::timestamp> down_since_;
  bool quota_used_up_ = false;  // the server grants no session, since the key may carry no more

  upkeep upkeep_;
  looks looks_;
  std::minstd_rand lives_;  // of bridges
};

}  // namespace mtcp
