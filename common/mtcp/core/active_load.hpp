// How the active bridges cope with what they have to carry: what the policy of the others looks at.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

struct active_load {
  std::size_t present = 0;   ///< active bridges that are up
  std::size_t suspects = 0;  ///< of these
  std::size_t active = 0;    ///< of these, those that may carry stream bytes
  std::size_t overflow = 0;  ///< bridges of overflow paths that are well
  std::size_t backups = 0;   ///< bridges of backup paths that are well

  // Of the active ones:
  std::uint64_t delivered = 0;   ///< bytes that they have got across since each of them came up
  std::uint64_t tcp_sent = 0;    ///< by their connections, with what was sent again
  std::uint64_t tcp_resent = 0;  ///< that
  double rate = 0;               ///< bytes per second that they do now
  std::uint64_t rate_limit = 0;  ///< of all together; 0 if one of them has none
  duration longest_rtt{0};       ///< without queues
  bool full = false;  ///< since the last look there always was something to send and no room for it, or others helped

  double queue = 0;          ///< bytes that wait for them, at least
  bool more_behind = false;  ///< a program waits to write more than that
};

}  // namespace mtcp::core
