// The engine's parts, each with an API of its own, and how they hang together. Its methods are spread over files by
// what they do:
//   engine.cpp            construction, getters, statistics
//   engine_commands.cpp   what the program wants of streams
//   engine_input.cpp      frames that arrive
//   engine_streams.cpp    the life of a stream
//   engine_acks.cpp       what an acknowledgement, or a loss, means for what was sent
//   engine_bridges.cpp    bridges that come, go, fall silent; timers
//   engine_transmit.cpp   filling a bridge: who sends what
//   engine_reinject.cpp   sending again
//   engine_hedge.cpp      sending small messages twice
//   engine_datagrams.cpp  UDP, both ways
//   engine_openings.cpp   streams that either end opens
//   engine_load.cpp       how the active bridges cope, and when others help
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "mtcp/core/acks.hpp"
#include "mtcp/core/bridge/bridge_ranking.hpp"
#include "mtcp/core/bridge/bridge_table.hpp"
#include "mtcp/core/bridge/cap_search.hpp"
#include "mtcp/core/datagrams.hpp"
#include "mtcp/core/engine.hpp"
#include "mtcp/core/event_queue.hpp"
#include "mtcp/core/farewell.hpp"
#include "mtcp/core/hedge.hpp"
#include "mtcp/core/peer_conduct.hpp"
#include "mtcp/core/reinject.hpp"
#include "mtcp/core/scheduler.hpp"
#include "mtcp/core/stream/stream_credit.hpp"
#include "mtcp/core/stream/stream_table.hpp"
#include "mtcp/core/stream/tunnel_credit.hpp"
#include "mtcp/core/tracer.hpp"
#include "mtcp/core/wire/control.hpp"
#include "mtcp/core/wire/frame.hpp"

namespace mtcp::core {

/// What both ends are, and allow; whether they still open and accept streams.
struct terms {
  role mine = role::client;
  limits own;
  std::optional<peer_limits> peer;
  std::size_t reverse_streams = 0;  ///< that the server may have open at once; 0: only the client opens any
  core::farewell farewell{};
};

/// Most of what is around the bytes of a DATA frame.
inline constexpr std::size_t data_header = frame_header_size + 16;

/// Fills the caller's list frame by frame.
struct transmission {
  bridge_state& bridge;
  gather_list& out;
  timestamp now;
  std::size_t data_room = 0;  ///< bytes of DATA frames that the bridge may still take
  std::size_t max_data = 0;   ///< the same, for those that may exceed that room: in one send, and in its whole life

  /// Stream bytes that one frame can carry.
  std::size_t largest_segment() const { return std::min(max_data - std::min(max_data, data_header), max_segment_size); }
  bool takes_data() const { return data_room >= bridge.min_segment() && largest_segment() >= bridge.min_segment(); }
  /// A frame of stream bytes, or a datagram, was written.
  void took(std::size_t frame_size) {
    data_room -= std::min(data_room, frame_size);
    max_data -= std::min(max_data, frame_size);
  }

  std::span<std::byte> rest() const { return out.rest(); }
};

struct engine::impl {
  impl(role r, const limits& l)
      : terms{r, l, {}}, streams(r), credit(tunnel_window(l)), windows(l), ranking(r), hedge(l.hedge) {}

  // ---- parts ----
  core::terms terms;
  peer_conduct conduct;
  event_queue events;
  control_queue controls;
  stream_table streams;
  tunnel_credit credit;
  stream_credit windows;
  bridge_table bridges;
  core::acks acks;
  bridge_ranking ranking;
  cap_search search;
  core::scheduler scheduler;
  core::reinject reinject;
  core::hedge hedge;
  core::datagrams datagrams;
  core::tracer tracer;
  tunnel_stats counters;
  bool active_had_room = true;  ///< and nothing to send, since the last look at it
  bool others_helped = false;   ///< since the last look

  // ---- streams (engine_streams.cpp) ----
  stream_state& create(stream_id id);
  /// A stream of this end's that is about to be asked for; null if there may be none.
  stream_state* begin(stream_kind kind, const target& to);
  std::size_t streams_allowed() const;
  void queue_control(stream_state& s, control what) { controls.announce(s.slot(what), {what, s.id}); }
  void report_readable(stream_state& s);
  void mark_sendable(stream_state& s, timestamp now);
  void finish_sending(stream_state& s);
  void reset_sending(stream_state& s, reset_code code);
  void stop_receiving(stream_state& s, reset_code code, bool tell_peer);
  void drop_written(stream_state& s);
  void account_received(stream_state& s, std::uint64_t end);
  void consume(stream_state& s, std::size_t bytes, timestamp now);
  void raise_tunnel_credit();
  void feed_hungry();
  void wake_writer(stream_state& s);
  void uncount_if_over_at_peer(stream_state& s);
  void erase_if_over(stream_state& s);
  std::size_t write_room(const stream_state& s) const;
  write_result::limit limit_of_writes(const stream_state& s) const;
  template <class Bytes>
  write_result write(stream_id id, const Bytes& bytes, timestamp now);
  void refuse(stream_id id, refusal why);
  template <class Take>
  read_result read(stream_id id, timestamp now, Take take);

  // ---- input (engine_input.cpp) ----
  void handle_input(bridge_state& b, slice bytes, timestamp now);
  violation handle_data(bridge_state& b, timestamp now);
  violation handle_control(bridge_state& b, timestamp now);
  violation handle_stream_control(frame_type type, wire_reader body, timestamp now);
  violation handle_bridge_control(bridge_state& b, frame_type type, wire_reader body, timestamp now);
  violation handle_opening(frame_type type, wire_reader body);
  bool may_open(frame_type type, stream_id id, stream_id listener) const;
  bool listens(stream_id listener) const;
  violation handle_opened(stream_state& s, wire_reader body, timestamp now);
  violation handle_refused(stream_state& s, wire_reader body);
  violation handle_end(stream_state& s, frame_type type, wire_reader body, timestamp now);
  violation handle_stop(stream_state& s, wire_reader body);
  violation handle_window(wire_reader body, timestamp now);
  violation handle_path(bridge_state& b, wire_reader body, timestamp now);
  violation handle_bridge_closed(wire_reader body, timestamp now);
  violation handle_pong(bridge_state& b, wire_reader body, timestamp now);
  violation handle_ack(wire_reader body, timestamp now);
  /// The stream that a frame names: null (and none) when it is over, or the violation.
  stream_state* stream_for(stream_id id, violation& wrong);
  void fail(violation why);

  // ---- acks (engine_acks.cpp) ----
  violation acknowledge(bridge_id id, std::uint64_t count, duration delay, timestamp now);
  void acknowledge_live(bridge_state& b, std::uint64_t count, duration delay, timestamp now);
  void acknowledge_frame(const sent_frame& f);
  void acknowledge_segment(const sent_segment& f);
  void acknowledge_control(const sent_control& f);
  /// True if the frame is to be sent again, in each.
  bool lose_frame(const sent_frame& f);
  bool lose_segment(const sent_segment& f);
  bool lose_control(const sent_control& f);

  // ---- bridges (engine_bridges.cpp) ----
  void bridge_down(bridge_id id, timestamp now);
  violation settle(bridge_id id, std::uint64_t count, timestamp now);
  void handle_timeout(timestamp now);
  void check_progress(bridge_state& b, timestamp now);
  void give_up(bridge_state& b, suspicion why, timestamp now);
  void check_liveness(bridge_state& b, timestamp now);
  std::optional<timestamp> next_timeout() const;
  timestamp overdue_deadline(const bridge_state& b) const;
  static bool may_be_slow(const bridge_state& b, timestamp lately, timestamp now);
  void tell_suspect(bridge_state& b, suspicion why, timestamp now);
  void on_progress(bridge_state& b, recovery by, timestamp now);

  // ---- transmit (engine_transmit.cpp) ----
  static std::size_t max_data(const bridge_state& b);
  bool anything_waits(timestamp now) const;
  std::uint64_t cap_room(const bridge_state& b, timestamp now) const;
  bool held_by_cap(const bridge_state& b, timestamp now) const;
  bool nothing_to_do(const bridge_state& b) const;
  void poll_transmit(bridge_state& b, gather_list& out, timestamp now);
  void on_held_by_cap(bridge_state& b, timestamp now);
  void offer_data(transmission& t);
  void put_data(transmission& t);
  bool carries_bulk(bridge_state& b, timestamp now);
  restraint keeps_from_bulk(bridge_state& b, timestamp now);
  void put_bulk(transmission& t);
  void put_sparse(transmission& t);
  double bulk_backlog() const;
  bool more_behind() const;
  bool needs_help(const bridge_state& helper) const;
  static void put_pings(transmission& t);
  void put_path(transmission& t);
  void put_controls(transmission& t);
  void put_control(transmission& t, const control_item& item);
  std::size_t write_control(transmission& t, const control_item& item, control_slot& slot);
  static std::size_t write_stream_control(std::span<std::byte> out, const stream_state& s, control what);
  std::size_t write_tunnel_control(std::span<std::byte> out, const control_item& item);
  control_slot* slot_of(const control_item& item);
  std::size_t data_room(const transmission& t) const;
  void put_streams(transmission& t, stream_queue::place where);
  static std::size_t segment_limit(const bridge_state& b, const stream_state& s, bool calm);
  std::uint64_t put_new_segment(transmission& t, stream_state& s, std::size_t size);
  void put_segment(transmission& t, stream_state& s, std::uint64_t number);
  void record(transmission& t, const sent_frame::content& what, std::size_t frame_size);

  // ---- sending again (engine_reinject.cpp) ----
  void put_resends(transmission& t);
  std::optional<timestamp> worth_waiting_until(const transmission& t, const bridge_state& owner) const;
  void put_overdue(transmission& t);
  void put_speculative(transmission& t);
  control_slot* only_copy(const sent_control& f);
  bool repeat_control(const sent_control& f);
  bool put_copy(transmission& t, bridge_state& owner, const sent_segment& f);

  // ---- small messages twice (engine_hedge.cpp) ----
  void hedge_message(const bridge_state& first, const sent_frame::content& what, std::size_t size, timestamp now);
  void put_hedged(transmission& t);
  bool hedge_settled(const sent_frame::content& what);
  void put_second(transmission& t, const sent_frame::content& what);

  // ---- datagrams (engine_datagrams.cpp) ----
  stream_state* association(stream_id id);
  void put_datagrams(transmission& t);
  void put_datagram(transmission& t, stream_state& s, const datagram& d);
  violation handle_datagram(wire_reader body, timestamp now);
};

}  // namespace mtcp::core
