// What a client does to keep its tunnel up: dial, greet, join or create a session, replace what is suspect, let go what
// is not needed, and wait. Pure: whoever runs it carries out next_action() and tells what came of it, in the programs
// over sockets, in the simulator over simulated ones.
//
//   dial{id, path}   make a connection on that path; then connected(id) or dial_failed(id)
//   greet{id, hello} say HELLO on it;               then welcomed(id) and attach(id), or dial_failed(id)
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
#include <string>
#include <variant>
#include <vector>

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/session/openings.hpp"
#include "mtcp/session/path.hpp"
#include "mtcp/session/session.hpp"
#include "mtcp/session/trace.hpp"
#include "mtcp/session/traffic_look.hpp"
#include "mtcp/session/worker.hpp"

namespace mtcp {

struct client_settings {
  std::vector<path_settings> paths{};  ///< at least one
  core::limits limits{};
  core::duration resume_timeout = std::chrono::seconds(60);  ///< streams outlive the last bridge by this much
  core::duration first_backoff = std::chrono::milliseconds(100);
  core::duration longest_backoff = std::chrono::seconds(10);
  core::duration suspicion = std::chrono::seconds(10);  ///< a bridge without progress counts as unwell for so long
  std::uint64_t seed = 0;                               ///< of the jitter of pauses
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
  using action = std::variant<dial, greet>;

  /// All must outlive it. Throws std::invalid_argument if there is no path, or one without bridges.
  client_policy(client_settings settings, waker& woken, openings::listener& openers, trace::observer traced = {});

  // ---- commands ----

  void start(core::timestamp now);
  /// Streams are reset and the server is told; nothing is dialled any more. What still connects should be aborted.
  void stop(core::duration patience, core::timestamp now);
  /// Ends at once what is left after stop().
  void end() { end_session(errc::going_away); }

  std::uint64_t next_ticket() { return openings_.next_ticket(); }
  void open(std::uint64_t ticket, core::target to, std::vector<std::byte> early, core::timestamp now);
  void cancel_open(std::uint64_t ticket, core::timestamp now);
  bool close_stream(core::stream_id id);
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
  enum class stage : std::uint8_t { idle, running, stopped };

  void wake() override { waker_.wake(); }
  void on_event(const core::event& what, core::timestamp now) override;
  void on_suspect(const core::events::bridge_suspect& what, core::timestamp now);
  void on_recovered(const core::events::bridge_recovered& what);
  void trace_event(const trace::event& what) const;

  // Keeping bridges up.
  void maintain_soon();
  void maintain(core::timestamp now);
  void maintain(std::size_t path, core::timestamp now);
  void retire_surplus(std::size_t path, core::timestamp now);
  void replace_suspect(std::size_t path, core::timestamp now);
  void share_rate(std::size_t path);
  std::uint64_t stream_bytes() const;  // that the session has carried, both ways together
  void tune(core::timestamp now);
  void rotate(core::timestamp now);
  void rotate(std::size_t path, core::timestamp now);
  void on_retired(const bridge& b, core::timestamp now);
  void close_retired(std::size_t path, core::timestamp now);
  bool outgoing(const bridge& b) const;
  // Bridges that carry only so much (client_budgets.cpp).
  void note_silence(bridge& silent, core::timestamp now);
  void close_frozen(std::size_t path, core::timestamp now);
  void review_budgets(core::timestamp now);
  void review_budgets(std::size_t path, core::timestamp now);
  bool has_spent_bridges() const;
  std::vector<bridge*> bridges_of(std::size_t path) const;
  std::size_t up_bridges(std::size_t path) const;
  std::size_t healthy_bridges(std::size_t path, core::timestamp now) const;
  std::optional<core::timestamp> next_end_of_suspicion(std::size_t path, core::timestamp now) const;
  std::optional<core::timestamp> next_maintenance(core::timestamp now);

  // Dials.
  void greet_connected();
  void greet_one(dial_id id, pending& p);
  pending forget(dial_id id);
  error_code accept(const core::welcome& got, pending& p, core::timestamp now);
  void begin_session(const core::welcome& got, pending& p, core::timestamp now);
  void on_dial_failed(const pending& p, error_code why, core::timestamp now);
  void on_foreign_server(path& of, const session_ref& tried, core::timestamp now);
  void on_bridge_over(const session::lost_bridge& gone, core::timestamp now);

  // The session.
  void end_session(error_code why, const char* because = nullptr);
  void on_last_bridge_lost(core::timestamp now);

  client_settings settings_;
  waker& waker_;
  trace::observer trace_;
  openings openings_;
  std::vector<path> paths_;
  stage stage_ = stage::idle;

  std::map<dial_id, pending> dials_;
  dial_id last_dial_ = 0;
  std::optional<dial_id> creating_;  // this dial is about to create a session; the others wait for it
  std::deque<action> actions_;

  session_ref session_;
  std::optional<core::timestamp> session_expires_;

  bool maintenance_wanted_ = false;
  std::optional<core::timestamp> next_maintenance_;
  std::size_t tuned_path_ = 0;
  traffic_look for_tuner_{bridge_tuner::interval, 5};
  traffic_look for_rotation_{rotation::interval, 10};
};

}  // namespace mtcp
