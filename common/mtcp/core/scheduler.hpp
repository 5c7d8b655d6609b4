// Whose turn it is among streams, and whether asking all bridges for frames is worth the time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "mtcp/core/stream/stream_queue.hpp"
#include "mtcp/core/stream/stream_state.hpp"

namespace mtcp::core {

class scheduler {
 public:
  using place = stream_queue::place;

  // ---- streams ----

  /// The stream has something to send. Once, until leave().
  void enter(stream_state& s, timestamp now) {
    if (s.turn.queued != place::none || !s.send.can_send()) return;
    s.turn.queued = s.turn.meter.sparse(now) ? place::sparse : place::bulk;
    queue_.push(s.id, s.turn.queued);
  }
  bool empty(place where) const { return queue_.empty(where); }
  bool empty() const { return queue_.empty(place::sparse) && queue_.empty(place::bulk); }
  /// Whose turn it is. A bulk stream gets its quantum with it.
  stream_id front(place where) const { return queue_.front(where); }
  static void give_quantum(stream_state& s) {
    if (s.turn.deficit <= 0) s.turn.deficit += stream_queue::quantum;
  }
  /// The stream at the front has nothing to send any more; null if it is gone.
  void leave(place where, stream_state* s) {
    queue_.pop(where);
    if (s != nullptr) s->turn.queued = place::none;
  }
  static void on_sent(stream_state& s, std::size_t bytes, timestamp now) {
    s.turn.meter.on_sent(bytes, now);
    s.turn.deficit -= static_cast<std::int64_t>(bytes);
  }
  /// The stream at the front has sent, and has more: it goes on, waits for its next turn, or is no longer sparse.
  void after_turn(place where, stream_state& s, timestamp now) {
    if (where == place::sparse && !s.turn.meter.sparse(now)) {
      queue_.pop(where);
      s.turn.queued = place::bulk;
      queue_.push(s.id, place::bulk);
    } else if (where == place::bulk && s.turn.deficit <= 0) {
      queue_.rotate(where);
    }
  }
  /// The stream at the front has sent all it has. If it was a message of a sparse one, the next may come soon.
  void after_last(place where, const stream_state& s, timestamp now) {
    if (where == place::sparse && s.turn.meter.sparse(now)) conversing_until_ = now + conversation;
  }
  /// A sparse stream waits for single messages.
  bool conversing(timestamp now) const { return now < conversing_until_; }
  const ring<stream_id>& bulk() const { return queue_.bulk(); }

  // ---- rounds ----

  /// Whether bridges should be asked, though nothing waits for them. Copies, and which bridges have nothing to do, are
  /// questions for when something has been acknowledged or much was sent, or for now and then: to ask all bridges for
  /// every message that comes and goes cost more than the rest of the engine.
  bool time_for_a_look(timestamp now) const { return now >= next_look_; }
  void on_round(timestamp now) { next_look_ = now + look_interval; }
  /// Something has changed, so asking is worthwhile.
  void look_soon() { next_look_ = {}; }
  /// The engine's deadline has passed.
  void on_timer(timestamp now) {
    timer_ran_ = now;
    look_soon();
  }
  /// The earliest time for another look at frames that are overdue and could not be sent again.
  timestamp next_overdue_look() const { return timer_ran_ + overdue_interval; }

 private:
  // How long after a message of a sparse stream bulk streams leave room for the next one.
  static constexpr duration conversation = std::chrono::milliseconds(500);
  static constexpr duration look_interval = std::chrono::milliseconds(1);
  static constexpr duration overdue_interval = std::chrono::milliseconds(10);

  stream_queue queue_;
  timestamp conversing_until_{0};
  timestamp next_look_{0};
  timestamp timer_ran_{0};
};

}  // namespace mtcp::core
