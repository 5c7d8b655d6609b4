// Control frames that must arrive, and how far each has come. A frame is made anew each time it is sent, from the
// present state of its stream, bridge or tunnel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "mtcp/types.hpp"

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

/// Somebody waits for it as for a message of a stream: an opening, its answer, an end.
constexpr bool is_message(control what) {
  return what == control::open || what == control::answer || what == control::fin || what == control::reset;
}

/// A control frame of stream or bridge `id`; 0 for those of the tunnel.
struct control_item {
  control what = control::open;
  std::uint64_t id = 0;
};

/// How far a control frame has come.
struct control_slot {
  bool wanted = false;  ///< to be sent, or was
  bool queued = false;  ///< waits for a bridge
  bool acked = false;
  std::uint8_t copies = 0;    ///< of the latest version, on bridges that live, not acknowledged
  std::uint16_t version = 0;  ///< of the content; an acknowledgement or a loss of an older version is ignored
  bool says(std::uint16_t sent) const { return version == sent; }
  bool done() const { return !wanted || acked; }
  bool sent() const { return wanted && !queued; }
  /// A copy of that version has arrived. False if a newer version is wanted by now.
  bool on_acknowledged(std::uint16_t sent) {
    if (!says(sent)) return false;
    if (copies > 0) --copies;
    acked = true;
    return true;
  }
  /// A copy of that version is lost, or about to be. True if no other copy is under way.
  bool on_lost(std::uint16_t sent) {
    if (!says(sent) || acked) return false;
    if (copies > 0) --copies;
    return copies == 0;
  }
};

/// Control frames that wait for a bridge. Each waits once.
class control_queue {
 public:
  /// Asks for a frame to be sent, because the state has changed. Its content is read from the state when it is written.
  void announce(control_slot& slot, const control_item& item) {
    slot.wanted = true;
    slot.acked = false;
    slot.copies = 0;
    ++slot.version;
    say_again(slot, item);
  }
  /// Sends the same version once more.
  void say_again(control_slot& slot, const control_item& item) {
    if (!std::exchange(slot.queued, true)) waiting_.push_back(item);
  }

  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  /// Takes the frame that has waited longest. The caller clears `queued` in its slot, if that still exists.
  control_item take() {
    const control_item first = waiting_.front();
    waiting_.pop_front();
    return first;
  }

 private:
  std::deque<control_item> waiting_;
};

}  // namespace mtcp::core
