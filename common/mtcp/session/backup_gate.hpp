// When backups carry data beside active paths that are there and do badly: a tenth of what they usually carry, while
// there is enough to send, or three packets in ten are lost, or nothing comes through. Pure: it is told what the active
// bridges do, and says what to do with the others.
//
//   closed ── two bad windows, or silence ──> open
//   open ── nothing bad for a while ────────> closed
//
// That while is short if the active bridges have shown that they do well, longer if too little was sent to know, and
// grows each time that closing was too early. What opens and what closes are different bounds: a line between them
// changes nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "mtcp/core/active_load.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class backup_gate {
 public:
  static constexpr std::chrono::milliseconds interval{25};  ///< between looks, while there is something to see
  static constexpr std::chrono::milliseconds window{400};
  static constexpr double poor_share = 0.1, well_share = 0.2;  ///< of the usual rate
  static constexpr double poor_loss = 0.3, well_loss = 0.15;
  static constexpr std::uint64_t enough_sent = 24 * 1024;  ///< in a window, for its losses to mean anything
  static constexpr double growth = 1.25;                   ///< a rate that rises like that is on its way back
  static constexpr double forgetting = 0.99;               ///< of the usual rate, in a window
  static constexpr std::chrono::seconds proven_hold{3}, longest_hold{9}, more_hold{3};
  static constexpr std::chrono::seconds unproven_hold{8};
  static constexpr std::chrono::seconds too_early{30};  ///< after closing

  bool open() const { return open_; }
  /// When the next look is needed, if nothing happens until then.
  std::optional<core::timestamp> next_look() const {
    if (!open_ && !busy_) return {};
    return last_look_ + interval;
  }

  void look(core::timestamp now, const core::active_load& seen) {
    last_look_ = now;
    busy_ = seen.full && seen.backups > 0 && seen.present > 0;
    if (seen.backups == 0 || seen.present == 0) return begin_again(now, seen);
    silent_ = silent_ || seen.suspects == seen.present;
    full_ = full_ && seen.full;
    ever_full_ = ever_full_ || seen.full;
    if (silent_ && !open_) open(now);
    if (seen.delivered < delivered_ || seen.tcp_sent < sent_) return begin_window(now, seen);  // a bridge was lost
    if (now - window_begun_ < window) return;
    judge(now, seen);
    begin_window(now, seen);
  }

 private:
  enum class verdict : std::uint8_t { poor, between, well, unknown };  ///< of two the first one counts

  void begin_again(core::timestamp now, const core::active_load& seen) {
    open_ = false;
    poor_windows_ = 0;
    last_rate_ = 0;
    begin_window(now, seen);
  }
  void begin_window(core::timestamp now, const core::active_load& seen) {
    window_begun_ = now;
    delivered_ = seen.delivered;
    sent_ = seen.tcp_sent;
    resent_ = seen.tcp_resent;
    full_ = true;
    ever_full_ = false;
    silent_ = false;
  }

  void judge(core::timestamp now, const core::active_load& seen) {
    const double seconds = std::chrono::duration<double>(now - window_begun_).count();
    const double rate = static_cast<double>(seen.delivered - delivered_) / seconds;
    const verdict is = silent_ ? verdict::poor : std::min(of_rate(rate, seen), of_losses(seen));
    if (is == verdict::well || is == verdict::unknown) learn(rate);
    last_rate_ = full_ ? rate : 0;
    poor_windows_ = is == verdict::poor ? poor_windows_ + 1 : 0;
    if (!open_ && poor_windows_ >= 2) return open(now);
    if (open_) wait_for_recovery(now, is);
  }

  // A rate that rises is slow start. What helps leaves the active bridges room now and then.
  verdict of_rate(double rate, const core::active_load& seen) const {
    if (usual_ <= 0 || !(open_ ? ever_full_ : full_)) return verdict::unknown;
    const double usual = seen.rate_limit > 0 ? std::min(usual_, static_cast<double>(seen.rate_limit)) : usual_;
    if (rate >= well_share * usual) return verdict::well;
    const bool rises = last_rate_ > 0 && rate > growth * last_rate_;
    return rate >= poor_share * usual || rises ? verdict::between : verdict::poor;
  }
  verdict of_losses(const core::active_load& seen) const {
    const std::uint64_t sent = seen.tcp_sent - sent_;
    if (sent < enough_sent) return verdict::unknown;
    const double lost = static_cast<double>(seen.tcp_resent - resent_) / static_cast<double>(sent);
    if (lost < well_loss) return verdict::well;
    return lost < poor_loss ? verdict::between : verdict::poor;
  }
  void learn(double rate) { usual_ = std::max(rate, full_ ? forgetting * usual_ : usual_); }

  void open(core::timestamp now) {
    open_ = true;
    poor_windows_ = 0;
    good_since_.reset();
    const bool again = closed_at_ && now - *closed_at_ < too_early;
    more_ = again ? more_ + more_hold : core::duration(0);
  }

  void wait_for_recovery(core::timestamp now, verdict is) {
    if (is == verdict::poor || is == verdict::between) return good_since_.reset();
    if (!good_since_) {
      good_since_ = window_begun_;
      proven_ = false;
    }
    proven_ = proven_ || is == verdict::well;
    const core::duration hold = (proven_ ? proven_hold : unproven_hold) + more_;
    if (now - *good_since_ < std::min<core::duration>(hold, longest_hold)) return;
    open_ = false;
    closed_at_ = now;
  }

  bool open_ = false;
  bool busy_ = false;
  core::timestamp last_look_{0};
  core::timestamp window_begun_{0};
  std::uint64_t delivered_ = 0, sent_ = 0, resent_ = 0;  ///< as the window began
  bool full_ = true;                                     ///< all through the window
  bool ever_full_ = false;                               ///< at a moment of it
  bool silent_ = false;                                  ///< at a moment of it
  double usual_ = 0, last_rate_ = 0;                     ///< bytes per second
  int poor_windows_ = 0;
  std::optional<core::timestamp> good_since_, closed_at_;
  bool proven_ = false;
  core::duration more_{0};
};

}  // namespace mtcp
