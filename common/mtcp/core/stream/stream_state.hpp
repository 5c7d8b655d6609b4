// One stream as the engine keeps it: both directions and the control frames that are on their way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "mtcp/core/stream/receive_half.hpp"
#include "mtcp/core/stream/send_half.hpp"
#include "mtcp/core/stream/stream_kind.hpp"
#include "mtcp/core/stream/stream_queue.hpp"
#include "mtcp/core/wire/control.hpp"
#include "mtcp/stats.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

/// How far the opening of a stream has come.
enum class opening : std::uint8_t {
  early,     ///< only frames that have overtaken the peer's OPEN were seen: the program does not know of it
  asked,     ///< OPEN was sent, or has arrived
  answered,  ///< OPENED was sent, or has arrived
  refused,   ///< REFUSED was sent, or has arrived: both directions have ended
};

/// Whose turn it is among streams: what the scheduler keeps of one.
struct stream_turn {
  sparse_meter meter;
  stream_queue::place queued = stream_queue::place::none;
  std::int64_t deficit = 0;
};

/// What is known of the program that writes. Since write() took fewer bytes than offered there are more to come.
enum class writer : std::uint8_t {
  content,  ///< write() took all
  waits,    ///< for room
  woken,    ///< it was told that there is room, and has not written since
};

struct stream_state {
  stream_id id = 0;
  bool ours = false;  ///< this end has opened it
  stream_kind kind = stream_kind::opened;
  stream_id listener = 0;  ///< of an accepted one
  target to;               ///< of an accepted one where its connection comes from
  target bound;
  std::array<control_slot, stream_controls> controls;
  send_half send;
  receive_half receive;
  stream_turn turn;
  opening phase = opening::early;
  refusal why = refusal::general;
  bool closed = false;   ///< the program has let go of it
  bool counted = false;  ///< against the limit of the peer's streams
  writer program = writer::content;
  bool waits_for_budget = false;   ///< in the queue of windows to be raised
  bool readable_reported = false;  ///< an events::readable waits to be polled
  stream_stats datagram_bytes;     ///< of an association

  control_slot& slot(control c) { return controls[static_cast<std::size_t>(c)]; }
  const control_slot& slot(control c) const { return controls[static_cast<std::size_t>(c)]; }

  /// The program knows of it: OPEN has arrived, or was ours.
  bool known() const { return phase != opening::early; }
  bool refused() const { return phase == opening::refused; }
  /// The program has more to write than is here.
  bool more_to_come() const { return program != writer::content && send.open() && !closed; }
  bool is_association() const { return kind == stream_kind::opened && core::is_association(to); }
  /// Neither answered nor refused.
  bool undecided() const { return phase == opening::early || phase == opening::asked; }

  /// The peer may already have forgotten the stream: it has ended its own direction and was told that ours has ended.
  bool maybe_over_at_peer() const {
    const bool told =
        slot(control::fin).sent() || slot(control::reset).sent() || (refused() && slot(control::answer).sent());
    return receive.size_known() && told;
  }
  bool send_over() const {
    if (!slot(control::open).done() || !slot(control::answer).done()) return false;
    return send.over() || (refused() && slot(control::answer).wanted);  // REFUSED ends this direction, too
  }
  bool over() const { return known() && closed && send_over() && receive.over(); }
};

}  // namespace mtcp::core
