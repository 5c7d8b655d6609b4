// What a tunnel tells of what it does, its policy and its engine (core/trace.hpp): for logs, the simulator's journal
// and tests, in the same words. Nothing is built while nobody listens.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "mtcp/bridge_options.hpp"
#include "mtcp/core/trace.hpp"
#include "mtcp/error.hpp"
#include "mtcp/event_sink.hpp"
#include "mtcp/types.hpp"

namespace mtcp::trace {

struct session_begun {
  std::string name;
  std::string user;  ///< server only
};
struct session_over {
  std::string name;
  std::string user;  ///< server only
  std::string why;
};
struct server_leaving {};
struct no_bridge_left {};

/// Its interface has a default route.
struct path_comes {
  std::string path;
};
/// Its interface is gone, or has no default route any more.
struct path_goes {
  std::string path;
};
/// By the user.
struct path_changed {
  std::string path;
  core::path_role role;
  std::uint64_t rate_limit;
};
struct dialling {
  std::string path;
};
struct dial_failed {
  std::string path;
  error_code why;
};
struct bridge_up {
  core::bridge_id bridge;
  std::string where;     ///< "on PATH", or at the server "in session NAME from ADDRESS"
  bool routine = false;  ///< one of many that live for moments only
};
struct bridge_suspected {
  core::bridge_id bridge;
  std::string where;
};
/// The path has others by now, or it is of no more use.
struct bridge_retired {
  core::bridge_id bridge;
  std::string where;
  error_code why;
  bool routine = false;
};
/// What connections of a path were found to bear. Bytes each way, 0 for any number.
struct path_freezes {
  std::string path;
  std::uint64_t up;
  std::uint64_t down;
};
/// Bridges of a path come up and fall silent with their first full packet; or that is over.
struct path_mtu {
  std::string path;
  bool only_small;
};
struct bridge_lost {
  core::bridge_id bridge;
  std::string where;
  error_code why;
};
struct bridge_enabled {
  core::bridge_id bridge;
  bool on;
};
/// It has a successor, gets no new data, and goes once nothing is under way on it.
struct bridge_outgoing {
  core::bridge_id bridge;
  std::string where;
  std::string why;
};
/// What the server is to listen on: it does, or why not.
struct listener_change {
  core::target listen;
  core::target bound;
  std::string why;  ///< empty if it listens
};
/// A connection that a listener has accepted did not get to its destination.
struct not_taken {
  std::string session;
  core::stream_id stream;
  error_code why;
};

/// (client) The server says that the key has carried all that it may; or that is over.
struct quota_used_up {
  bool yes;
};

/// Paths of that role carry data beside the active ones; or that is over.
struct role_used {
  std::string session;  ///< server only
  core::path_role role;
  bool on;
};

/// What the engine of a session does on its own.
struct engine_event {
  std::string session;  ///< server only
  core::traced::event what;
};

using event = std::variant<session_begun, session_over, server_leaving, no_bridge_left, path_comes, path_goes,
                           path_changed, dialling, dial_failed, bridge_up, bridge_suspected, bridge_retired,
                           path_freezes, path_mtu, bridge_lost, bridge_enabled, bridge_outgoing, listener_change,
                           not_taken, quota_used_up, role_used, engine_event>;

/// One line.
std::string to_string(const event& what);
/// Worth a line in the log of a program that is well; the others are for whoever looks closely.
bool is_notable(const event& what);

/// Streams were reset, or somebody can mend what is wrong.
event_weight weight_of(const event& what);

/// Who is told; nobody, if it is empty.
class observer {
 public:
  observer() = default;
  /// What the engine does is told only while `looks_closely()`, which may change at any time; always, if that is empty.
  template <class Tell>
  requires std::is_invocable_v<Tell&, const event&> observer(Tell tell, std::function<bool()> looks_closely = {})
      : tell_(std::move(tell)), looks_closely_(std::move(looks_closely)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(tell_); }
  bool looks_closely() const { return tell_ && (!looks_closely_ || looks_closely_()); }
  void operator()(const event& what) const { tell_(what); }

 private:
  std::function<void(const event&)> tell_;
  std::function<bool()> looks_closely_;
};

/// Tells a log of what is notable, and of all else while `looks_closely()`; never, if that is empty.
observer lines_for(std::function<void(event_weight, const std::string&)> log, std::function<bool()> looks_closely);

}  // namespace mtcp::trace
