// What a tunnel tells of what it does, its policy and its engine (core/trace.hpp): for logs, the simulator's journal
// and tests, in the same words. Nothing is built while nobody listens.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "mtcp/core/trace.hpp"
#include "mtcp/error.hpp"
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

/// What the engine of a session does on its own.
struct engine_event {
  std::string session;  ///< server only
  core::traced::event what;
};

using event = std::variant<session_begun, session_over, server_leaving, no_bridge_left, dialling, dial_failed,
                           bridge_up, bridge_suspected, bridge_retired, path_freezes, bridge_lost, bridge_enabled,
                           bridge_outgoing, engine_event>;

/// One line.
std::string to_string(const event& what);
/// Worth a line in the log of a program that is well; the others are for whoever looks closely.
bool is_notable(const event& what);

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
observer lines_for(std::function<void(const std::string&)> log, std::function<bool()> looks_closely);

}  // namespace mtcp::trace
