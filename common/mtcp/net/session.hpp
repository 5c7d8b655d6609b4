// One end of one tunnel, alive: an engine, the bridges that carry it, and the streams on top.
//
// Whoever uses the engine calls changed() afterwards. That makes the session work once, later in the same turn of the
// event loop: events go to streams, frames to the bridges that take them, and the engine's deadline to a timer. Inputs
// of several bridges in one turn are thus answered together, and nothing here calls itself. Only large writes do not
// wait for that.
//
// Streams and bridges belong to others; the session points to them between add and remove.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/core/engine.hpp"
#include "mtcp/core/hello.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/bridge.hpp"
#include "mtcp/net/lifeline.hpp"
#include "mtcp/net/snapshot.hpp"

namespace mtcp {

namespace detail {
class stream_state;
}

class session {
 public:
  /// What the owner of a session hears. It may use the engine, but not destroy the session, from inside.
  class listener {
   public:
    /// An event that neither a stream nor a bridge of this session has dealt with.
    virtual void on_event(const core::event& what) = 0;

   protected:
    ~listener() = default;
  };

  session(const executor& where, core::role role, const core::limits& limits, listener& owner);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  /// No bridge may be running. Streams that still exist fail.
  ~session();

  const executor& get_executor() const noexcept { return executor_; }
  core::role role() const noexcept { return role_; }
  core::engine& engine() noexcept { return engine_; }
  const core::engine& engine() const noexcept { return engine_; }
  core::timestamp now() const;

  /// The engine was used: see to what follows from it, soon.
  void changed();
  /// Offers what there is to bridges without waiting for the end of this turn. The rest is left to changed().
  void transmit();

  /// Uses `carrier` until it ends, and returns why it did. `first` is what arrived together with the greeting.
  task<error_code> run_bridge(bridge& carrier, std::vector<core::slice> first);
  std::size_t bridge_count() const noexcept { return bridges_.size(); }
  bridge* find_bridge(core::bridge_id id) const;
  std::vector<bridge*> bridges() const;

  void add_stream(detail::stream_state& added);
  void remove_stream(core::stream_id id);
  /// Resets a stream in both directions, under its owner: what it does from now on fails with operation_aborted. False
  /// if there is no such stream.
  bool reset_stream(core::stream_id id);

  /// Resets every stream that is in use and tells the peer; closes the bridges once the peer has heard, after half a
  /// second at most; or after `patience`, if that is longer and bytes of closed streams are still on their way.
  void leave(std::chrono::milliseconds patience);
  /// Ends at once: streams fail with connection_reset, bridges are closed and return `why`.
  void end(error_code why);
  bool ended() const noexcept { return ended_; }
  /// Ended, or about to: its streams are nobody's any more.
  bool over() const noexcept { return ended_ || leave_by_; }

  /// Fills in what a session knows of itself.
  void describe(tunnel_snapshot& out) const;

 private:
  void work();
  void report_path_info(core::timestamp at);
  void dispatch_events();
  void dispatch(const core::event& what);
  bool dispatch_to_stream(const core::event& what);
  void close_bridge(const core::event& what);
  void transmit(core::timestamp now);
  bool offer_to_bridges(core::timestamp now);
  void finish_leaving(core::timestamp now);
  void arm_deadline();
  void orphan_streams(error_code why);

  executor executor_;
  core::role role_;
  listener& owner_;
  core::engine engine_;
  std::unordered_map<core::bridge_id, bridge*> bridges_;
  std::unordered_map<core::stream_id, detail::stream_state*> streams_;
  timer deadline_;
  std::optional<core::timestamp> armed_for_;
  std::optional<core::timestamp> leave_by_;
  bool work_is_posted_ = false;
  bool ended_ = false;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  detail::lifeline lifeline_;
};

/// The first 8 hexadecimal digits of a session's id, for logs: they let nobody join it.
std::string short_name(const core::session_id& id);

}  // namespace mtcp
