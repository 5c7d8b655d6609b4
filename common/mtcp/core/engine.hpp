// One end of a tunnel as a pure state machine: bytes of bridges in, bytes for bridges out, streams on top.
//
// The engine does no I/O and reads no clock; time is a parameter. Its methods come in four kinds:
//   commands   what the local program wants of its streams; each takes the time, as inputs and outputs do
//   inputs     what happened to bridges, and the passing of time
//   outputs    polled after any command or input: bytes to send, the next deadline, events
//   getters
// One thread at a time. The wire format is specified in common/PROTOCOL.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/buffer.hpp"
#include "mtcp/core/active_load.hpp"
#include "mtcp/core/base/gather_list.hpp"
#include "mtcp/core/bridge/tcp_info.hpp"
#include "mtcp/core/datagram.hpp"
#include "mtcp/core/event.hpp"
#include "mtcp/core/stream/io_result.hpp"
#include "mtcp/core/stream/stream_kind.hpp"
#include "mtcp/core/wire/bridge_count.hpp"
#include "mtcp/limits.hpp"
#include "mtcp/restraint.hpp"
#include "mtcp/stats.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

struct leftover;
class trace_observer;

class engine {
 public:
  engine(role r, const limits& local);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  // ---- commands ----

  /// The server may open streams, so many at once, and the client ask it to listen: both ends have agreed to that.
  /// Once, before there is any stream.
  void allow_reverse(std::size_t streams);
  /// (client) Opens a stream. Up to limits().early_limit bytes of `early` ride with it: the number taken is the
  /// stream's first write(). Empty when the peer's stream limit is reached or it is going away.
  std::optional<stream_id> open(const target& to, std::span<const std::byte> early, timestamp now);
  /// (client) Asks the server to listen there, for as long as this stream lasts; an empty host leaves the address to
  /// the server, a port 0 the port. Empty as open() is, and if it was not agreed on.
  std::optional<stream_id> listen(const target& at, timestamp now);
  /// (server) Opens a stream for a connection from `source` that was accepted for this listener of the client's. Empty
  /// if the client takes no more, or has let go of the listener.
  std::optional<stream_id> accept(stream_id listener, const target& source, timestamp now);
  /// Of a stream that the peer has opened: the destination was reached; `bound` is the local
  /// address of that connection as text, may be empty; of a listener the address that it has.
  void answer(stream_id id, const target& bound, timestamp now);
  /// Of a stream that the peer has opened: the destination was not reached. The stream is gone.
  void refuse(stream_id id, refusal why, timestamp now);

  /// Takes as many bytes as the send buffer has room for. They are copied; the slice form keeps a reference instead.
  write_result write(stream_id id, std::span<const std::byte> bytes, timestamp now);
  write_result write(stream_id id, slice bytes, timestamp now);
  /// Bytes that write() would take now.
  std::size_t writable(stream_id id) const;
  /// Hands out at most `max` bytes in order, appended to `out` (or copied, in the span form).
  read_result read(stream_id id, std::vector<slice>& out, std::size_t max, timestamp now);
  read_result read(stream_id id, std::span<std::byte> out, timestamp now);
  /// What has arrived and was not read (leftover.hpp), for a caller that outlives the engine; nothing is left to read
  /// here. Null if the stream is over.
  std::unique_ptr<leftover> take_leftover(stream_id id);
  /// The peer has ended its sending direction by a reset; bytes before it may still wait to be read.
  bool peer_has_reset(stream_id id) const;
  /// No more writes: the peer reads the end after the last byte.
  void shutdown_send(stream_id id, timestamp now);
  /// Ends both directions at once: what was sent is still delivered, what was not is dropped, and the peer is asked to
  /// stop sending. The id is forgotten by the caller: no more events of it. A no-op on a stream that has ended.
  void reset(stream_id id, reset_code code, timestamp now);
  /// Ends only the sending direction: the peer reads a reset after the bytes that were sent.
  void reset_send(stream_id id, reset_code code, timestamp now);
  /// Ends only the receiving direction: unread bytes are dropped and the peer is asked to stop sending.
  void stop_receive(stream_id id, reset_code code, timestamp now);
  /// The caller is done with the stream: what was written is still delivered, unread bytes are dropped. No more events
  /// of it. Call it exactly once per stream, unless reset() or refuse() ended it.
  void close(stream_id id, timestamp now);
  /// Sends a datagram of an association, a stream whose target is_association(). It is never sent again, waits 100 ms
  /// for a bridge at most, and overtakes streams. `peer` is where it goes (client) or came from (server). False if it
  /// was dropped: the stream is not open, too much waits already, or there are more than 65,507 bytes.
  bool send_datagram(stream_id id, const target& peer, std::span<const std::byte> payload, timestamp now);
  std::optional<datagram> read_datagram(stream_id id);
  /// Opens (client) or accepts (server) no more streams, and tells the peer.
  void go_away(timestamp now);

  // ---- inputs ----

  /// A bridge finished its HELLO / WELCOME. Ids are never reused. `handshake_rtt`: how long the peer took to answer
  /// while its connection was set up, 0 if unknown.
  void bridge_up(bridge_id id, const bridge_options& options, timestamp now, duration handshake_rtt = {});
  /// A bridge will never come up after all, and its id is used up. Both ends remember a gap between ids until it is
  /// settled.
  void bridge_unused(bridge_id id, timestamp now);
  /// The peer changed what the bridge is for, or the local configuration did.
  void bridge_changed(bridge_id id, const bridge_options& options);
  /// Whether bridges of that role carry stream bytes beside the active ones, as far as this end sends.
  void admit(path_role role, bool on);
  /// The bridge's connection is gone or must not be used again: nothing read from it may be handed in any more.
  void bridge_down(bridge_id id, timestamp now);
  /// Bytes as they came from the bridge, cut anywhere. Ignored for a bridge that is down.
  void handle_input(bridge_id id, slice bytes, timestamp now);
  /// Not between transmit_order() and the poll_transmit() of its bridges: estimates must not move under a ranking.
  void handle_tcp_info(bridge_id id, const tcp_info& info, timestamp now);
  /// The counts that a resuming peer listed in its HELLO or WELCOME.
  void settle(std::span<const bridge_count> counts, timestamp now);
  /// Call it when poll_timeout()'s deadline has passed; earlier does no harm.
  void handle_timeout(timestamp now);

  // ---- outputs ----

  /// Live bridges in the order in which they should be offered poll_transmit(): soonest expected delivery first. None
  /// if there is nothing to send.
  std::span<const bridge_id> transmit_order(timestamp now);
  /// Fills `out`, which is empty and should have room for 64 KiB or more, with whole frames for this bridge, to be sent
  /// in that order and before anything polled later. Nothing, when the bridge has nothing to send now. What was polled
  /// is taken as sent. `out` refers to memory of the engine: use it up before the next command or input.
  void poll_transmit(bridge_id id, gather_list& out, timestamp now);
  /// Bytes of unsent data that the bridge's socket should hold at most (TCP_NOTSENT_LOWAT).
  std::size_t send_slack(bridge_id id) const;
  bool admits(path_role role) const;
  /// Since the last call.
  active_load look_at_load();
  /// When handle_timeout() is due next. Empty when nothing is.
  std::optional<timestamp> poll_timeout() const;
  std::optional<event> poll_event();
  /// Whether the id is used up: by a bridge that came up, or by what the peer said of the end of one.
  bool knows_bridge(bridge_id id) const;
  /// Into how many ranges these ids fall.
  std::size_t bridge_id_ranges() const;
  /// Bridges of which anything is kept: those that live, and those that are gone and not settled.
  std::size_t bridge_ids_kept() const;
  /// The counts to list in a HELLO or WELCOME that resumes: bridges that are gone and not yet settled.
  std::vector<bridge_count> unsettled() const;

  // ---- getters ----

  const limits& local_limits() const;
  /// Limits that the peer announced in its HELLO or WELCOME. Until then the engine sends nothing but control.
  void set_peer_limits(const peer_limits& peer, timestamp now);
  /// Of a stream for a connection that a listener has accepted this is where that comes from.
  const target& target_of(stream_id id) const;
  stream_kind kind_of(stream_id id) const;
  /// Of such a stream; else 0.
  stream_id listener_of(stream_id id) const;
  /// Opened, and neither answered nor refused.
  bool undecided(stream_id id) const;
  const target& bound_address(stream_id id) const;
  /// Streams that are not yet over on both ends.
  std::size_t stream_count() const;
  /// True when no stream is left and nothing unacknowledged is worth waiting for.
  bool idle() const;
  /// The peer has not acknowledged all bytes yet of a stream that was closed.
  bool delivers() const;
  tunnel_stats stats() const;
  std::optional<bridge_stats> stats_of(bridge_id id) const;
  /// The same two counts of a bridge that is up, or has ended a moment ago.
  carried_bytes carried_on(bridge_id id) const;
  /// What keeps this end from sending stream bytes on it. None for one that brings some: the peer's needs are others.
  restraint restraint_of(bridge_id id, timestamp now) const;
  std::optional<stream_stats> stats_of_stream(stream_id id) const;
  /// About so many bytes are held for streams and bridges.
  std::size_t memory() const;
  /// Streams that hold some, with how much, the largest first.
  std::vector<std::pair<stream_id, std::size_t>> streams_by_memory() const;
  std::vector<stream_id> stream_ids() const;

  // ---- tracing ----

  /// Tells `who` from now on what it does on its own (trace.hpp); null for nobody, as in the beginning.
  void trace_to(trace_observer* who);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace mtcp::core
