// One stream as the engine keeps it: both directions and the control frames that are on their way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/core/receive_window.hpp"
#include "mtcp/core/reorder_buffer.hpp"
#include "mtcp/core/send_buffer.hpp"
#include "mtcp/core/stream_queue.hpp"
#include "mtcp/core/types.hpp"

namespace mtcp::core {

/// Control frames that must arrive. They are made anew from the state each time they are sent.
enum class control : std::uint8_t {
  open,
  answer,
  fin,
  reset,
  stop,
  window,  // of a stream
  bridge_closed,
  bridge_suspect,
  path,
  goaway,    // of the tunnel
  datagram,  // nobody keeps it: it only counts as in flight
};
inline constexpr std::size_t stream_controls = 6;

/// Where one of them stands.
struct control_slot {
  bool wanted = false;  ///< to be sent, or was
  bool queued = false;  ///< waits for a bridge
  bool acked = false;
  std::uint8_t copies = 0;    ///< of the latest version, on bridges that live, not acknowledged
  std::uint16_t version = 0;  ///< of what is said: that an older one was acknowledged or lost tells nothing of it
  bool says(std::uint64_t sent) const { return version == sent; }
  bool done() const { return !wanted || acked; }
  bool sent() const { return wanted && !queued; }
};

struct stream_state {
  stream_id id = 0;
  target to;
  target bound;
  std::array<control_slot, stream_controls> controls;
  control_slot& slot(control c) { return controls[static_cast<std::size_t>(c)]; }
  const control_slot& slot(control c) const { return controls[static_cast<std::size_t>(c)]; }

  // Sending.
  send_buffer out;
  std::uint64_t send_limit = 0;  ///< credit from the peer, an offset
  sparse_meter meter;
  stream_queue::place queued = stream_queue::place::none;
  std::int64_t deficit = 0;
  bool shutdown = false;       ///< no more writes
  bool send_reset = false;     ///< ends in RESET instead of FIN
  bool stop_received = false;  ///< the peer drops what arrives
  bool writer_waits = false;   ///< write() took fewer bytes than offered
  reset_code send_code = reset_code::reset;

  // Receiving.
  reorder_buffer in;
  receive_window window;
  std::uint64_t highest = 0;  ///< end of the last byte seen
  std::optional<std::uint64_t> final_size;
  bool peer_reset = false;         ///< what ends at final_size is a reset
  bool receive_stopped = false;    ///< bytes are dropped
  bool end_read = false;           ///< the end or the reset was handed out
  bool waits_for_budget = false;   ///< in the queue of windows to be raised
  bool readable_reported = false;  ///< an event::readable waits to be polled
  reset_code peer_code = reset_code::reset;
  reset_code stop_code = reset_code::reset;

  // Both.
  bool known = false;     ///< OPEN has arrived or was ours; else only early frames have
  bool answered = false;  ///< OPENED sent or received
  bool was_refused = false;
  refusal why = refusal::general;
  bool closed = false;  ///< the program has let go of it
  std::uint64_t datagram_bytes_sent = 0;
  std::uint64_t datagram_bytes_received = 0;
  bool counted = true;  ///< (server) against the limit of streams

  bool all_received() const { return final_size && (receive_stopped || in.contiguous() == *final_size); }
  bool end_reached() const { return final_size && in.consumed() == *final_size; }
  bool can_send() const { return out.unsent() > 0 && out.sent() < send_limit; }

  /// The peer may already have forgotten it: it has ended its own direction and was told that ours has ended.
  bool maybe_over_at_peer() const {
    const bool told =
        slot(control::fin).sent() || slot(control::reset).sent() || (was_refused && slot(control::answer).sent());
    return final_size && told;
  }
  bool send_over() const {
    if (!slot(control::open).done() || !slot(control::answer).done()) return false;
    if (was_refused && slot(control::answer).wanted) return true;
    const bool ended = slot(control::fin).acked || slot(control::reset).acked;
    return ended && (stop_received || out.all_acked());
  }
  bool receive_over() const { return all_received() && (receive_stopped || end_read); }
  bool over() const { return known && closed && send_over() && receive_over(); }
};

}  // namespace mtcp::core
