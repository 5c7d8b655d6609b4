// How many bridges a path should have, found by trying: one more is worth keeping while it raises what the whole tunnel
// carries, one less while it lowers nothing. Pure; time and traffic are parameters.
//
// A hill climb like the one that picks the number of connections of a download manager. It looks only while there is
// steady traffic, since an idle tunnel says nothing, and rests longer and longer where nothing changes: a trial costs a
// little of the very throughput that it looks for. On a line that loses packets single seconds differ by more than a
// bridge is worth, so it measures until it is sure, or has spent some time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "mtcp/session/measured_rate.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class bridge_tuner {
 public:
  using time_point = core::timestamp;

  static constexpr unsigned least = 2;
  static constexpr unsigned most = 64;
  /// How often sample() should be called.
  static constexpr std::chrono::milliseconds interval{200};

  explicit bridge_tuner(unsigned start) : wanted_(std::clamp(start, least, most)), proven_(wanted_) {}

  /// How many bridges the path should have and use now.
  unsigned wanted() const { return wanted_; }
  /// No trial is under way: bridges beyond wanted() are not needed soon.
  bool settled() const { return phase_ == phase::rest; }

  /// `bytes` of streams were carried so far, both ways together; `up` bridges of the path are well, and their round
  /// trip is so long, 0 for unknown.
  void sample(time_point now, std::uint64_t bytes, std::size_t up, core::duration round_trip = core::duration{0});
  /// Bridges are replaced all the time, so what is carried varies by much: a gain has to be larger, and measured for
  /// longer, and the successors that are up already would hide what one less costs.
  void amid_replacements(bool whether) { replacing_ = whether; }
  /// Something else changes what is carried just now: what has been measured says nothing.
  void disturb() { cancel_trial(); }

 private:
  enum class phase : std::uint8_t { rest, settle, measure };
  enum class trial : std::uint8_t { baseline, grow, shrink };

  bool busy(time_point now, std::uint64_t bytes);
  void begin(trial what, unsigned bridges, time_point now);
  void measure(time_point now, std::uint64_t bytes);
  void judge(time_point now);
  void judge_growth(double change, time_point now);
  void judge_shrinking(double change, time_point now);
  unsigned small_step() const;
  bool sure() const;
  double limit() const;
  void grow_on(time_point now);
  void look_again(time_point now);
  void shrink_on(time_point now);
  void cancel_trial();
  void rest(time_point now);

  unsigned wanted_;
  unsigned proven_;  ///< what the last trial left
  unsigned step_ = 1;
  bool replacing_ = false;
  int doubts_ = 0;  ///< trials in a row that one more bridge did not win
  phase phase_ = phase::rest;
  trial trial_ = trial::baseline;
  measured_rate base_;      ///< with proven_ bridges
  measured_rate measured_;  ///< with wanted_ bridges
  core::duration round_trip_{0};
  time_point since_{};
  time_point look_began_{};
  std::uint64_t bytes_then_ = 0;
  time_point rest_until_{};
  std::chrono::seconds pause_{0};

  // The traffic from sample to sample.
  time_point last_at_{};
  std::uint64_t last_bytes_ = 0;
  int quiet_samples_ = 0;
};

}  // namespace mtcp
