// Credit of single streams out of one budget, and the streams whose window the budget could not raise: they take their
// turn when it has room again.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "mtcp/core/stream/receive_window.hpp"
#include "mtcp/core/stream/stream_state.hpp"
#include "mtcp/limits.hpp"

namespace mtcp::core {

class stream_credit {
 public:
  explicit stream_credit(const limits& own) : own_(own), budget_(own.receive_budget) {}

  /// A stream begins: it gets the least credit.
  void begin(stream_state& s) { s.receive.window().begin_early(own_, budget_); }
  /// The peer hears of the window in OPEN or OPENED, which is to be sent now.
  void open(stream_state& s) {
    if (s.receive.stopped() || s.receive.size_known()) return;
    s.receive.window().open(own_, s.receive.consumed(), budget_);
    if (s.receive.window().hungry(s.receive.consumed())) wait(s);
  }
  /// The program has read so many bytes. True when the peer should be told of more credit.
  bool on_read(stream_state& s, std::size_t bytes, duration rtt, timestamp now) {
    receive_window& window = s.receive.window();
    const std::uint64_t consumed = s.receive.consumed();
    const bool told = window.on_read(bytes, consumed, rtt, now, own_, budget_);
    if (s.receive.size_known()) return false;
    if (!told && window.hungry(consumed)) wait(s);
    return told;
  }
  /// Bytes have come, and none can be read: they are behind a hole. True when the peer should be told of more credit.
  bool on_hole(stream_state& s, duration rtt, timestamp now) {
    if (s.receive.size_known()) return false;
    return s.receive.window().on_hole(s.receive.consumed(), s.receive.highest(), rtt, now, own_, budget_);
  }
  /// The size of the stream is known: it needs no more credit than that.
  void finish(stream_state& s, std::uint64_t size) { s.receive.window().finish(size, budget_); }
  /// The stream keeps no bytes any more.
  void end(stream_state& s) { s.receive.window().end(s.receive.consumed(), budget_); }

  /// Gives what is free to those that wait for it: `find(id)` finds a stream, or null; `tell(stream)` is called for
  /// each whose peer should be told.
  template <class Find, class Tell>
  void feed(Find find, Tell tell) {
    for (std::size_t turns = hungry_.size(); turns > 0 && budget_.free() > 0; --turns) {
      stream_state* s = find(hungry_.front());
      hungry_.pop_front();
      if (s == nullptr) continue;
      s->waits_for_budget = false;
      if (s->receive.stopped() || s->receive.size_known()) continue;
      if (s->receive.window().raise(s->receive.consumed(), budget_)) tell(*s);
    }
  }

  /// Bytes that were granted and not read, over all streams.
  std::size_t granted() const { return budget_.granted(); }

 private:
  void wait(stream_state& s) {
    if (!std::exchange(s.waits_for_budget, true)) hungry_.push_back(s.id);
  }

  limits own_;
  credit_budget budget_;
  std::deque<stream_id> hungry_;
};

}  // namespace mtcp::core
