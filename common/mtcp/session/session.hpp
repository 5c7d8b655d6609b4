// One end of one tunnel, alive: an engine, the bridges that carry it, and the streams on top. Pure: it has no sockets
// and reads no clock, so it runs in the programs and in the simulator alike.
//
// Whoever uses the engine calls changed() afterwards. That makes the session work once, soon (worker.hpp): events go to
// streams, frames to the bridges that take them. Only large writes do not wait for that.
//
// Streams belong to others; the session points to them between add and remove. Links do too, between attach and detach.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/core/engine.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/session/backup_gate.hpp"
#include "mtcp/session/bridge.hpp"
#include "mtcp/session/overflow_gate.hpp"
#include "mtcp/session/stream_listener.hpp"
#include "mtcp/session/trace.hpp"
#include "mtcp/session/unanswered.hpp"
#include "mtcp/session/worker.hpp"
#include "mtcp/snapshot.hpp"

namespace mtcp {

class session final : private core::trace_observer {
 public:
  /// The owner of the session. From inside a callback it may use the engine, but must not destroy the session.
  class owner : public waker {
   public:
    /// An event that neither a stream nor a bridge of this session has dealt with.
    virtual void on_event(const core::event& what, core::timestamp now) = 0;

   protected:
    ~owner() = default;
  };

  session(core::role role, const core::limits& limits, owner& of, core::timestamp now);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  /// Streams that still exist fail.
  ~session();

  core::role role() const noexcept { return role_; }
  core::engine& engine() noexcept { return engine_; }
  const core::engine& engine() const noexcept { return engine_; }

  /// The engine was used: see to what follows from it, soon.
  void changed();
  /// Offers what there is to bridges without waiting for that. The rest is left to changed().
  void transmit(core::timestamp now);
  /// One turn of work: TCP_INFO, the engine's deadline, events, frames, and the events that these bring about.
  void work(core::timestamp now);
  std::optional<core::timestamp> next_deadline() const;

  // ---- bridges ----

  bridge& attach(core::bridge_id id, link& connection, const core::bridge_options& use, std::size_t path,
                 core::timestamp now);
  struct lost_bridge {
    core::bridge_id id;
    std::size_t path;
    error_code why;
    core::duration age;
    std::uint64_t delivered;       ///< bytes of frames that reached their end, both ways together
    std::uint64_t carried;         ///< bytes that TCP got across; 0 if unknown
    std::uint64_t on_wire;         ///< bytes of its packets, both ways together
    std::uint64_t sent, received;  ///< bytes of frames, by this end
  };
  /// The link is closed, and about to go.
  lost_bridge detach(core::bridge_id id, core::timestamp now);
  /// Bytes that the link has received, in order. Nothing of a bridge that is closed.
  void receive(core::bridge_id id, std::span<core::slice> bytes, core::timestamp now);
  /// See link::await_room().
  void on_room(core::bridge_id id);

  std::size_t bridge_count() const noexcept { return bridges_.size(); }
  bridge* find_bridge(core::bridge_id id) const;
  /// By id.
  std::vector<bridge*> bridges() const;

  // ---- streams ----

  void add_stream(core::stream_id id, stream_listener& added) { streams_.emplace(id, &added); }
  void remove_stream(core::stream_id id) { streams_.erase(id); }
  /// (server) engine::accept(), for a stream that fails if the client does not answer in time.
  std::optional<core::stream_id> accept(core::stream_id listener, const core::target& source, core::timestamp now);
  /// Resets a stream in both directions, under its owner. False if there is no such stream.
  bool close_stream(core::stream_id id);
  /// The same of all that are no listeners; returns how many.
  std::size_t close_streams(core::reset_code why);
  /// (client) The server has said of the latest stream that its key may carry no more.
  bool quota_used_up() const noexcept { return quota_used_up_; }

  /// What the engine does on its own is told there as long as it looks closely. `name` is what to call the session, if
  /// there are others.
  void trace_to(const trace::observer& told, std::string name = {});

  // ---- the end ----

  /// Resets every stream that is in use and tells the peer; closes the bridges once the peer has heard, after half a
  /// second at most; or after `patience`, if that is longer and bytes of closed streams are still on their way.
  void leave(core::duration patience, core::timestamp now);
  /// Ends at once: streams fail with connection_reset, bridges are closed with `why`.
  void end(error_code why);
  bool ended() const noexcept { return ended_; }
  /// The session has ended or is about to end: its streams belong to nobody any more.
  bool over() const noexcept { return ended_ || leave_by_; }

  /// Fills in what a session knows of itself.
  void describe(tunnel_snapshot& out, core::timestamp now) const;

  /// Hands out the events that there are. It is a part of work(); called alone by an owner that must know before it
  /// goes on.
  void dispatch_events(core::timestamp now);

 private:
  void on_trace(const core::traced::event& what) override;
  void review_tracing();
  void dispatch(const core::event& what, core::timestamp now);
  void note_quota(const core::event& what);
  bool dispatch_to_stream(const core::event& what);
  void fail_stream(core::stream_id id, error_code why);
  void expire_unanswered(core::timestamp now);
  void review_load(core::timestamp now);
  void admit(core::path_role role, bool on);
  void close_bridge(const core::events::bridge_closed& what);
  bool offer_to_bridges(core::timestamp now);
  void finish_leaving(core::timestamp now);
  void end_streams(error_code why);
  void describe(core::stream_id id, const stream_listener& one, tunnel_snapshot& out, core::timestamp now) const;

  core::role role_;
  owner& owner_;
  core::engine engine_;
  std::unordered_map<core::bridge_id, std::unique_ptr<bridge>> bridges_;
  std::unordered_map<core::stream_id, stream_listener*> streams_;
  unanswered unanswered_;
  overflow_gate overflow_;
  backup_gate backup_;
  trace::observer traced_;
  std::string traced_name_;
  std::optional<core::timestamp> leave_by_;
  bool ended_ = false;
  bool quota_used_up_ = false;
  core::timestamp started_;
};

/// The first 8 hexadecimal digits of a session's id, for logs: they let nobody join it.
std::string short_name(const core::session_id& id);

}  // namespace mtcp
