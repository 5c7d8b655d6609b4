// How fast a bridge delivers, measured by the tunnel's own acknowledgements.
//
// Each sample is the bytes delivered between the sending of a frame and its acknowledgement, over the longer of the
// time it took to send them and the time it took to acknowledge them (draft-cheng-iccrg-delivery-rate-estimation). The
// rate is the best of the last ten rounds. The kernel's tcpi_delivery_rate is of no use here: on a line policed to 20
// MB/s it read anything from 13 to 13,575 MB/s.
//
// A sample taken while there was not enough to send says how much was offered: it is a lower bound. A bridge that has
// carried nothing but the answer to an OPEN measures a few KB/s, and must be used all the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "mtcp/types.hpp"

namespace mtcp::core {

class rate_estimator {
 public:
  /// What must be remembered of the moment a frame was sent.
  struct mark {
    std::uint64_t delivered = 0;
    timestamp delivered_at{0};
    timestamp first_sent{0};
    timestamp sent{0};
    bool app_limited = false;
  };

  /// To be called for each frame, before it counts as in flight.
  mark on_send(timestamp now, bool nothing_in_flight) {
    if (nothing_in_flight) first_sent_ = delivered_at_ = now;
    return {delivered_, delivered_at_, first_sent_, now, delivered_ < app_limited_until_};
  }

  /// There was nothing more to send: samples of what is in flight now say how much was offered, not what the path can
  /// do.
  void on_app_limited(std::uint64_t in_flight) { app_limited_until_ = delivered_ + in_flight + 1; }

  /// `bytes` more were acknowledged; `newest` is the mark of the last frame among them. `now` is best the time at which
  /// it arrived there, as far as the acknowledgement tells: acknowledgements come in bunches, frames do not.
  /// Returns true when that began a new round: a frame sent after the last round began has been acknowledged.
  bool on_ack(std::uint64_t bytes, const mark& newest, duration rtt_minimum, timestamp now) {
    delivered_ += bytes;
    now = delivered_at_ = std::max(now, delivered_at_);
    first_sent_ = newest.sent;
    const bool new_round = newest.delivered >= round_end_;
    if (new_round) {
      round_end_ = delivered_;
      if (!newest.app_limited) rotate();
    }
    const duration interval = std::max(newest.sent - newest.first_sent, now - newest.delivered_at);
    if (interval > duration::zero() && interval >= rtt_minimum) {
      take(static_cast<double>(delivered_ - newest.delivered) * 1e9 / static_cast<double>(interval.count()),
           newest.app_limited);
      if (!newest.app_limited) proven_at_ = now;
    }
    return new_round;
  }

  /// The queue shows that the path has become slower: only the last rounds count.
  void forget_old_rounds() {
    for (std::size_t age = 2; age < rounds_.size(); ++age) at_age(age) = 0;
  }

  /// Nothing that was measured holds any more.
  void forget() {
    rounds_.fill(0);
    proven_at_.reset();
  }

  /// Bytes per second, 0 while unknown.
  double rate() const { return *std::max_element(rounds_.begin(), rounds_.end()); }
  /// The same for the last two rounds: what the path does now, whereas the best of ten rounds is what it can do.
  double recent() const {
    const double last = std::max(rounds_[current_], rounds_[(current_ + rounds_.size() - 1) % rounds_.size()]);
    return last > 0 ? last : rate();
  }
  std::uint64_t delivered() const { return delivered_; }
  /// When the path last showed all that it can do; empty while the rate is only a lower bound.
  std::optional<timestamp> proven_at() const { return proven_at_; }

 private:
  double& at_age(std::size_t age) { return rounds_[(current_ + rounds_.size() - age) % rounds_.size()]; }

  void rotate() {
    // A round without a sample of its own must not push the last known rate out.
    if (rounds_[current_] == 0) return;
    current_ = (current_ + 1) % rounds_.size();
    rounds_[current_] = 0;
  }
  void take(double sample, bool app_limited) {
    if (app_limited && sample <= rate()) return;
    rounds_[current_] = std::max(rounds_[current_], sample);
  }

  std::array<double, 10> rounds_{};
  std::size_t current_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t round_end_ = 0;
  std::uint64_t app_limited_until_ = 1;  // the first frames: nobody knows yet whether more will follow
  std::optional<timestamp> proven_at_;
  timestamp delivered_at_{0};
  timestamp first_sent_{0};
};

}  // namespace mtcp::core
