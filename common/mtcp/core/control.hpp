// Control frames that must arrive: which there are, and where each stands. They are made anew from the state of what
// they are about each time they are sent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mtcp/core/types.hpp"

namespace mtcp::core {

enum class control : std::uint8_t {
  // Of a stream. They also number its slots.
  open,
  answer,  ///< OPENED or REFUSED
  fin,
  reset,
  stop,
  window,
  // Of a bridge.
  bridge_closed,
  bridge_suspect,
  // Of the tunnel.
  tunnel_window,
  goaway,
};
inline constexpr std::size_t stream_controls = 6;

/// What a control frame is about, and what the id in its item means.
enum class control_scope : std::uint8_t { stream, bridge, tunnel };

constexpr control_scope scope_of(control what) {
  switch (what) {
    case control::open:
    case control::answer:
    case control::fin:
    case control::reset:
    case control::stop:
    case control::window:
      return control_scope::stream;
    case control::bridge_closed:
    case control::bridge_suspect:
      return control_scope::bridge;
    case control::tunnel_window:
    case control::goaway:
      break;
  }
  return control_scope::tunnel;
}

/// A control frame of stream or bridge `id`; 0 for those of the tunnel.
struct control_item {
  control what = control::open;
  std::uint64_t id = 0;
};

/// Where one of them stands.
struct control_slot {
  bool wanted = false;  ///< to be sent, or was
  bool queued = false;  ///< waits for a bridge
  bool acked = false;
  std::uint8_t copies = 0;    ///< of the latest version, on bridges that live, not acknowledged
  std::uint16_t version = 0;  ///< of what is said: that an older one was acknowledged or lost tells nothing of it
  bool says(std::uint16_t sent) const { return version == sent; }
  bool done() const { return !wanted || acked; }
  bool sent() const { return wanted && !queued; }
};

}  // namespace mtcp::core
