// The engine's parts and how they hang together. Its methods are spread over files by what they do:
//   engine.cpp            construction, getters, statistics
//   engine_commands.cpp   what the program wants of streams
//   engine_input.cpp      frames that arrive
//   engine_streams.cpp    the life of a stream
//   engine_acks.cpp       acknowledgements, both ways
//   engine_bridges.cpp    bridges that come, go, fall silent; timers
//   engine_rank.cpp       which bridge would deliver soonest
//   engine_transmit.cpp   filling a bridge: who sends what
//   engine_reinject.cpp   sending again
//   engine_datagrams.cpp  UDP, both ways
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "mtcp/core/bridge_state.hpp"
#include "mtcp/core/completion.hpp"
#include "mtcp/core/datagram_queues.hpp"
#include "mtcp/core/engine.hpp"
#include "mtcp/core/range_set.hpp"

namespace mtcp::core {

/// A segment that waits to be sent again.
struct resend_item {
  stream_id stream = 0;
  std::uint64_t segment = 0;
};

struct ranked_bridge {
  bridge_state* bridge;
  lane path;
};

/// Fills the caller's list frame by frame.
struct transmission {
  bridge_state& bridge;
  gather_list& out;
  timestamp now;
  std::size_t data_room = 0;  ///< bytes of DATA frames that the bridge may still take

  std::span<std::byte> rest() const { return out.rest(); }
};

struct engine::impl {
  impl(role r, const limits& l) : my_role(r), own(l), budget(l.receive_budget) {}

  // ---- state ----
  role my_role;
  limits own;
  std::optional<peer_limits> peer;
  violation failure = violation::none;
  std::deque<event> waiting_events;

  std::unordered_map<stream_id, std::unique_ptr<stream_state>> streams;
  std::size_t counted_streams = 0;  // those that the peer cannot have forgotten
  stream_id next_stream = 1;        // client
  range_set seen_streams;           // server
  stream_queue queue;
  std::size_t send_memory = 0;
  std::size_t receive_memory = 0;
  std::size_t held_bytes = 0;
  bool going_away = false;
  bool peer_going_away = false;

  // Credit of the tunnel as a whole: sums over streams of the highest offset.
  credit_budget budget;
  std::deque<stream_id> hungry;  // windows that the budget could not raise
  std::uint64_t received_total = 0;
  std::uint64_t consumed_total = 0;
  std::uint64_t granted_total = tunnel_window(own);
  std::uint64_t sent_total = 0;
  std::uint64_t sent_limit = 0;
  control_slot tunnel_window_slot;
  control_slot goaway_slot;

  std::map<bridge_id, bridge_state> bridges;
  std::map<bridge_id, lost_bridge> lost;
  range_set known_bridges;
  // Live bridges, soonest delivery first; made anew by transmit_order() and whenever a bridge comes or goes.
  std::vector<ranked_bridge> ranks;
  std::vector<bridge_id> order;
  duration fastest_rtt{0};
  mutable std::vector<lane> others;  // scratch of may_take()

  std::deque<control_item> controls;
  std::deque<resend_item> resends;
  // Copies of frames that may yet arrive: at most 5 % of what is sent, 4 MiB saved up.
  token_bucket copies{0, 4 << 20};

  datagram_queues datagrams_out{256 << 10, 4 << 20, std::chrono::milliseconds(100)};
  datagram_queues datagrams_in{256 << 10, 4 << 20, std::chrono::seconds(10)};

  std::optional<timestamp> ack_due;
  std::optional<timestamp> second_ack_due;
  timestamp newest_acked_sent{0};  // when the latest acknowledged frame had been sent, over all bridges
  timestamp progress_at{0};        // when anything was last acknowledged
  timestamp timer_ran{0};
  timestamp conversing_until{0};      // somebody waits for single messages
  timestamp next_look{0};             // when bridges are worth a look though nothing waits for them
  token_bucket useless{1000, 20000};  // frames that carry nothing
  tunnel_stats counters;

  // ---- streams (engine_streams.cpp) ----
  stream_state* find(stream_id id);
  const stream_state* find(stream_id id) const;
  stream_state& create(stream_id id);
  void announce(control_slot& slot, const control_item& item);
  void say_again(control_slot& slot, const control_item& item);
  void queue_control(stream_state& s, control what);
  void report(const event& what) { waiting_events.push_back(what); }
  void drop_events(stream_id id);
  void report_readable(stream_state& s);
  void mark_sendable(stream_state& s, timestamp now);
  void finish_sending(stream_state& s);
  void reset_sending(stream_state& s, reset_code code);
  void stop_receiving(stream_state& s, reset_code code, bool tell_peer);
  void account_received(stream_state& s, std::uint64_t end);
  void consume(stream_state& s, std::size_t bytes, timestamp now);
  void raise_tunnel_credit();
  void wait_for_budget(stream_state& s);
  void feed_hungry();
  void wake_writer(stream_state& s);
  void uncount_if_over_at_peer(stream_state& s);
  void erase_if_over(stream_state& s);
  /// Runs `change` on the stream and keeps the memory totals right.
  template <class Change>
  void changing(stream_state& s, Change change) {
    send_memory -= s.send.memory();
    receive_memory -= s.receive.memory();
    held_bytes -= s.receive.held();
    change();
    send_memory += s.send.memory();
    receive_memory += s.receive.memory();
    held_bytes += s.receive.held();
  }
  std::size_t write_room(const stream_state& s) const;
  write_result::limit limit_of_writes(const stream_state& s) const;
  template <class Bytes>
  write_result write(stream_id id, Bytes bytes, timestamp now);
  template <class Bytes>
  void append(stream_state& s, Bytes bytes, std::size_t size, timestamp now);
  void refuse(stream_id id, refusal why);
  template <class Take>
  read_result read(stream_id id, timestamp now, Take take);

  // ---- input (engine_input.cpp) ----
  void handle_input(bridge_state& b, slice bytes, timestamp now);
  violation handle_data(bridge_state& b, timestamp now);
  violation handle_control(bridge_state& b, timestamp now);
  violation handle_stream_control(frame_type type, wire_reader body, timestamp now);
  violation handle_bridge_control(bridge_state& b, frame_type type, wire_reader body, timestamp now);
  violation handle_open(wire_reader body);
  violation handle_opened(stream_state& s, wire_reader body, timestamp now);
  violation handle_refused(stream_state& s, wire_reader body);
  violation handle_end(stream_state& s, frame_type type, wire_reader body, timestamp now);
  violation handle_stop(stream_state& s, wire_reader body);
  violation handle_window(wire_reader body, timestamp now);
  violation handle_path(bridge_state& b, wire_reader body, timestamp now);
  violation handle_bridge_closed(wire_reader body, timestamp now);
  /// The stream that a frame names: null (and none) when it is over, or the violation.
  stream_state* stream_for(stream_id id, violation& wrong);
  violation waste(timestamp now);
  void fail(violation why);

  // ---- acks (engine_acks.cpp) ----
  void took_frame(bridge_state& b, std::size_t size, bool eliciting, bool at_once, timestamp now);
  void fire_acks(timestamp now);
  bool mark_for_acks(bool twice);
  void put_acks(transmission& t);
  violation handle_ack(wire_reader body, timestamp now);
  violation acknowledge(bridge_id id, std::uint64_t count, duration delay, timestamp now);
  void acknowledge_live(bridge_state& b, std::uint64_t count, duration delay, timestamp now);
  void on_round(bridge_state& b, bool busy);
  void acknowledge_frame(const sent_frame& f);
  void acknowledge_segment(const sent_segment& f);
  void acknowledge_control(const sent_control& f);
  duration rtt_maximum() const;

  // ---- bridges (engine_bridges.cpp) ----
  void bridge_down(bridge_id id, timestamp now);
  void lose_frame(const sent_frame& f);
  void lose_segment(const sent_segment& f);
  void lose_control(const sent_control& f);
  void settle(bridge_id id, std::uint64_t count, timestamp now);
  void forget_if_settled(bridge_id id);
  void handle_timeout(timestamp now);
  void check_progress(bridge_state& b, timestamp now);
  void give_up(bridge_state& b, timestamp now);
  void check_liveness(bridge_state& b, timestamp now);
  void ping(bridge_state& b, timestamp now);
  std::optional<timestamp> next_timeout() const;
  timestamp progress_deadline(const bridge_state& b) const;
  timestamp liveness_deadline(const bridge_state& b) const;
  timestamp overdue_deadline(const bridge_state& b) const;
  void tell_suspect(bridge_state& b);
  void on_progress(bridge_state& b, timestamp now);

  // ---- which bridge (engine_rank.cpp) ----
  void rank_bridges();
  static bool ranks_before(const ranked_bridge& a, const ranked_bridge& b);
  void rerank(bridge_state& b);
  bool direction_allows(const bridge_state& b) const;
  lane lane_of(const bridge_state& b) const;
  double delay_of(const bridge_state& b) const;
  bool may_take(const bridge_state& b, double backlog) const;
  double likely_delay(const bridge_state& b, timestamp last_heard, timestamp now) const;
  bool good_for_little(const bridge_state& b, bool of_streams, timestamp now) const;

  // ---- transmit (engine_transmit.cpp) ----
  bool worth_a_round(timestamp now);
  bool anything_waits(timestamp now) const;
  bool nothing_to_do(const bridge_state& b) const;
  void poll_transmit(bridge_state& b, gather_list& out, timestamp now);
  void put_data(transmission& t);
  void put_sparse(transmission& t);
  double bulk_backlog() const;
  void put_pings(transmission& t);
  void put_path(transmission& t);
  void put_controls(transmission& t);
  bool put_control(transmission& t, const control_item& item);
  std::size_t write_stream_control(std::span<std::byte> out, stream_state& s, control what) const;
  std::size_t write_tunnel_control(std::span<std::byte> out, const control_item& item) const;
  control_slot* slot_of(const control_item& item);
  std::size_t data_room(const transmission& t) const;
  void put_streams(transmission& t, stream_queue::place where);
  std::size_t segment_limit(const bridge_state& b, const stream_state& s) const;
  void put_new_segment(transmission& t, stream_state& s, std::size_t size);
  void put_segment(transmission& t, stream_state& s, std::uint64_t number);
  void record(transmission& t, const sent_frame::content& what, std::size_t frame_size);
  timestamp due(const transmission& t, bool is_data) const;

  // ---- reinject (engine_reinject.cpp) ----
  void put_resends(transmission& t);
  void put_overdue(transmission& t);
  static bool none_is_late(const bridge_state& owner, timestamp late, timestamp now);
  void put_speculative(transmission& t);
  void repeat_control(const sent_control& f);
  bool put_copy(transmission& t, bridge_state& owner, const sent_segment& f);

  // ---- datagrams (engine_datagrams.cpp) ----
  stream_state* association(stream_id id);
  void put_datagrams(transmission& t);
  void put_datagram(transmission& t, stream_state& s, const datagram& d);
  violation handle_datagram(wire_reader body, timestamp now);
};

}  // namespace mtcp::core
