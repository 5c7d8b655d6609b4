// Whether what is sent on a bridge arrives: a bridge without progress for too long is suspect, until it moves again.
#pragma once

#include <algorithm>
#include <utility>

#include "mtcp/core/bridge/tcp_progress.hpp"
#include "mtcp/core/wire/control.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

class progress_watch {
 public:
  /// The bridge is up: nothing is late yet.
  void begin(timestamp now) { at_ = now; }
  /// Something of ours has arrived.
  void on_progress(timestamp now) {
    at_ = now;
    oldest_.next_frame();
    suspect_ = false;
  }
  /// The kernel tells how far TCP has come; see tcp_progress.
  void on_tcp(std::uint64_t acknowledged, std::uint64_t waited_for, timestamp now) {
    oldest_.update(acknowledged, waited_for, now);
  }
  void suspect(timestamp now) {
    suspect_ = true;
    at_ = now;
  }
  /// Do not decide now: look again when the patience, counted from this time, is over ...
  void postpone(timestamp from) { put_off_to_ = from; }
  /// ... or at once, now that there is somebody to compare with.
  void decide() { put_off_to_ = timestamp{0}; }

  bool suspected() const { return suspect_; }
  /// Since when it has been suspect, or has had nothing to complain of.
  timestamp at() const { return at_; }
  /// Since when the bridge has been without progress, if what is waited for was sent at `sent`. A bridge over which TCP
  /// still carries the oldest frame, or pauses on purpose (`probing`), is slow and not silent: its frames may be
  /// overdue, and others carry copies of them, but it goes on.
  timestamp without_since(timestamp sent, timestamp probing) const {
    return std::max({at_, put_off_to_, oldest_.at(), probing, sent});
  }

  /// Whoever dials is to be told. True if that has not happened yet.
  bool tell() { return !std::exchange(told_, true); }
  /// It makes progress again: true if somebody was told that it makes none.
  bool take_back() { return std::exchange(told_, false); }
  control_slot& notice() { return notice_; }  ///< our BRIDGE_SUSPECT

 private:
  timestamp at_{0};          // when something of ours was last acknowledged, or answered
  timestamp put_off_to_{0};  // the decision
  tcp_progress oldest_;
  bool suspect_ = false;
  bool told_ = false;
  control_slot notice_;
};

}  // namespace mtcp::core
