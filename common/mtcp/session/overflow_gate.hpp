// When paths that cost money, but not too much, carry what the active ones cannot: once these are full, deliver no more
// than before, and what waits for them would take long; until they have not been full for a while. Pure: it is told
// what the active bridges do, and says what to do with the others.
//
//   closed ── full for two windows, the rate is flat, the queue is long ──> open
//   open ── not full, for `rest_after` ──────────────────────────────────> closed
//
// Active bridges are full as long as there always is something to send and no room for it. Once the overflow is open it
// takes only what the active ones could not carry at once, so they stay full exactly as long as they need help.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "mtcp/core/active_load.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class overflow_gate {
 public:
  static constexpr std::chrono::milliseconds interval{25};  ///< between looks, while there is something to see
  static constexpr std::chrono::milliseconds window{100};   ///< over which a rate is taken, and two round trips
  static constexpr std::chrono::milliseconds long_queue{200};
  static constexpr std::chrono::seconds rest_after{2};
  static constexpr double growth = 1.25;  ///< in slow start a rate quadruples in two round trips

  bool open() const { return open_; }
  bool due(core::timestamp now) const { return now >= last_look_ + interval; }
  /// When the next look is needed, if nothing happens until then.
  std::optional<core::timestamp> next_look() const {
    if (!open_ && !full_since_) return {};
    return last_look_ + interval;
  }

  void look(core::timestamp now, const core::active_load& seen) {
    last_look_ = now;
    if (seen.overflow == 0 || seen.active == 0) return close();
    follow(now, seen);
    if (!open_) {
      open_ = flat_ && queue_is_long(seen);
      needed_at_ = now;
    } else if (full_since_ && now - *full_since_ >= window) {
      needed_at_ = now;
    } else if (now - needed_at_ >= rest_after) {
      close();
    }
  }

 private:
  void close() {
    open_ = false;
    begin_again();
  }
  void begin_again() {
    full_since_.reset();
    best_ = 0;
    flat_ = false;
  }

  // The rate is flat if it has not grown by a quarter from one window to the next.
  void follow(core::timestamp now, const core::active_load& seen) {
    const bool lost_one = seen.delivered < std::exchange(delivered_before_, seen.delivered);
    if (!seen.full || lost_one) return begin_again();
    if (!full_since_) {
      full_since_ = now;
      return begin_window(now, seen);
    }
    const core::duration length = now - window_begun_;
    if (length < std::max<core::duration>(window, 2 * seen.longest_rtt)) return;
    const double rate = static_cast<double>(seen.delivered - delivered_at_begin_) / static_cast<double>(length.count());
    flat_ = best_ > 0 && rate <= growth * best_;
    best_ = std::max(best_, rate);
    begin_window(now, seen);
  }
  void begin_window(core::timestamp now, const core::active_load& seen) {
    window_begun_ = now;
    delivered_at_begin_ = seen.delivered;
  }

  // Who waits to write more has been waiting for two windows.
  static bool queue_is_long(const core::active_load& seen) {
    return seen.more_behind || seen.queue > seen.rate * std::chrono::duration<double>(long_queue).count();
  }

  bool open_ = false;
  core::timestamp last_look_{0};
  core::timestamp needed_at_{0};
  std::optional<core::timestamp> full_since_;
  core::timestamp window_begun_{0};
  std::uint64_t delivered_at_begin_ = 0;
  std::uint64_t delivered_before_ = 0;
  double best_ = 0;  ///< bytes per nanosecond, of a window
  bool flat_ = false;
};

}  // namespace mtcp
