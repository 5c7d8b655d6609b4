// What a tunnel's policy tells of what it does: for logs, the simulator's journal and tests, in the same words. Nothing
// is built while nobody listens.
#pragma once

#include <functional>
#include <string>
#include <variant>

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

using event = std::variant<session_begun, session_over, server_leaving, no_bridge_left, dialling, dial_failed,
                           bridge_up, bridge_suspected, bridge_retired, path_freezes, bridge_lost, bridge_enabled>;

/// May be empty.
using observer = std::function<void(const event&)>;

/// One line.
std::string to_string(const event& what);
/// Worth a line in the log of a program that is well; the others are for whoever looks closely.
bool is_notable(const event& what);

}  // namespace mtcp::trace
