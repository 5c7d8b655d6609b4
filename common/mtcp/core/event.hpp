// What an engine has to tell its program: see engine::poll_event().
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "mtcp/types.hpp"

namespace mtcp::core {

/// Why an engine wants a bridge closed.
enum class bridge_end : std::uint8_t {
  lost_by_peer,  ///< the peer has lost it, and takes nothing from it any more
  silent,        ///< the peer did not answer on it for too long
};

/// Who has found that a bridge makes no progress.
enum class observer : std::uint8_t { self, peer };

namespace events {

/// The peer opened the stream; see engine::kind_of(), target_of() and listener_of(). answer() or refuse() it.
struct incoming {
  stream_id stream;
};
/// The stream was answered; see engine::bound_address().
struct opened {
  stream_id stream;
};
/// The stream was refused, and is gone.
struct refused {
  stream_id stream;
  refusal why;
};
/// The stream has bytes, its end or a reset to read.
struct readable {
  stream_id stream;
};
/// The stream takes bytes again after write() took fewer than offered.
struct writable {
  stream_id stream;
};
/// The peer reads no more of the stream: what is written is dropped.
struct stopped {
  stream_id stream;
  reset_code why;
};
/// A datagram of the association has come: read_datagram() until there is none.
struct datagram {
  stream_id stream;
};
/// Close the bridge.
struct bridge_closed {
  bridge_id bridge;
  bridge_end why;
};
/// (client) This end or the peer has found that the bridge makes no progress: dial a replacement, but keep the bridge.
struct bridge_suspect {
  bridge_id bridge;
  observer by;
};
/// (client) The bridge that this end had suspected moves again. The peer does not tell that of its own suspicions.
struct bridge_recovered {
  bridge_id bridge;
};
/// The peer opens or accepts no more streams.
struct going_away {};
/// The peer broke the protocol: the tunnel is over, close every bridge.
struct failed {
  violation why;
};

}  // namespace events

using event = std::variant<events::incoming, events::opened, events::refused, events::readable, events::writable,
                           events::stopped, events::datagram, events::bridge_closed, events::bridge_suspect,
                           events::bridge_recovered, events::going_away, events::failed>;

/// The stream that an event is of; empty for those of bridges and of the tunnel.
inline std::optional<stream_id> stream_of(const event& what) {
  return std::visit(
      [](const auto& e) -> std::optional<stream_id> {
        if constexpr (requires { e.stream; }) {
          return e.stream;
        } else {
          return std::nullopt;
        }
      },
      what);
}

/// For std::visit: functions for single alternatives, and one for the others (`const auto&`).
template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

}  // namespace mtcp::core
