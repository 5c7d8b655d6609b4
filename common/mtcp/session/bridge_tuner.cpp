#include "mtcp/session/bridge_tuner.hpp"

#include <cmath>
#include <utility>

namespace mtcp {
namespace {

using namespace std::chrono_literals;

// One bridge more must bring this share of what each carried before; and fewer may lower the total by no more than
// that.
constexpr double worth_adding = 0.2;
constexpr double worth_keeping = 0.04;
// Where bridges are replaced all the time single seconds differ by a fifth: it has to be beyond doubt.
constexpr double worth_adding_amid_replacements = 0.6;
// After a gain of this share of what was hoped for the next step is twice as large, but a server lets only so many in
// at the same time.
constexpr double nearly_all = 0.7;
constexpr unsigned largest_step = 8;
constexpr double times_the_error = 8;
// So many trials in a row have to fail: other traffic and other work of the machine disturb single trials.
constexpr int enough_doubts = 2;
// A new bridge needs some round trips until it carries all that it can.
constexpr auto settle_time = 600ms;
constexpr auto measure_time = 1000ms;
constexpr int round_trips = 6;
// Measurements that are not clear go on for up to so many times as long.
constexpr int patience = 4;
constexpr int pause_samples = 5;
constexpr auto dial_patience = 4s;
constexpr auto first_pause = 10s;
constexpr auto longest_pause = 320s;
// Bytes per second; less traffic is not worth tuning for.
constexpr double little = 256 * 1024;

double per_second(std::uint64_t bytes, core::duration time) {
  return static_cast<double>(bytes) / std::max(std::chrono::duration<double>(time).count(), 1e-3);
}

}  // namespace

void bridge_tuner::sample(time_point now, std::uint64_t bytes, std::size_t up, core::duration round_trip) {
  round_trip_ = round_trip;
  if (!busy(now, bytes)) return cancel_trial();
  if (phase_ == phase::rest) {
    if (now >= rest_until_) begin(trial::baseline, wanted_, now);
  } else if (phase_ == phase::settle) {
    if (up < wanted_) {
      if (now - since_ > dial_patience) rest(now);
    } else if (now - since_ >= std::max<core::duration>(settle_time, round_trips * round_trip)) {
      phase_ = phase::measure;
      since_ = look_began_ = now;
      bytes_then_ = bytes;
      measured_ = {};
    }
  } else {
    measure(now, bytes);
  }
}

void bridge_tuner::measure(time_point now, std::uint64_t bytes) {
  measured_.add(static_cast<double>(bytes - bytes_then_),
                std::chrono::duration<double>(now - std::exchange(look_began_, now)).count());
  bytes_then_ = bytes;
  const core::duration enough = std::max<core::duration>(measure_time, round_trips * round_trip_);
  if (now - since_ < enough || ((replacing_ || !sure()) && now - since_ < patience * enough)) return;
  judge(now);
}

// Of many bridges a single one would not be seen, nor where measurements differ by more than it brings.
unsigned bridge_tuner::small_step() const {
  if (replacing_) return std::min(proven_ / 2, largest_step);
  const double vague = base_.rate() > 0 ? base_.error() / base_.rate() : 0;
  const double seen = times_the_error * vague * (1 + doubts_) * proven_;
  return std::clamp(static_cast<unsigned>(std::lround(seen)), std::max(1U, proven_ / 8), largest_step);
}

// What a trial has to exceed.
double bridge_tuner::limit() const {
  if (trial_ == trial::grow)
    return (replacing_ ? worth_adding_amid_replacements : worth_adding) * (wanted_ - proven_) / proven_;
  return -std::min(worth_keeping, 0.5 * (proven_ - wanted_) / proven_);
}

bool bridge_tuner::sure() const {
  constexpr double usual = 0.05;  // of a measurement that others are compared with
  if (trial_ == trial::baseline) return measured_.error() <= usual * measured_.rate();
  return rate_change::between(base_, measured_).clear_of(limit());
}

// Whether traffic is steady: so many samples in a row without traffic are a pause. Fewer are what lost packets cause on
// a long way.
bool bridge_tuner::busy(time_point now, std::uint64_t bytes) {
  const double rate = per_second(bytes - last_bytes_, now - last_at_);
  const bool first = last_at_ == time_point{} || bytes < last_bytes_;  // or another session
  last_at_ = now;
  last_bytes_ = bytes;
  if (first || rate < little) return ++quiet_samples_ < pause_samples && !first;
  quiet_samples_ = 0;
  return true;
}

void bridge_tuner::begin(trial what, unsigned bridges, time_point now) {
  trial_ = what;
  wanted_ = bridges;
  phase_ = phase::settle;
  since_ = now;
}

void bridge_tuner::judge(time_point now) {
  if (trial_ == trial::baseline) {
    base_ = measured_;
    step_ = small_step();
    return proven_ < most ? grow_on(now) : shrink_on(now);
  }
  const double change = rate_change::between(base_, measured_).share;
  if (trial_ == trial::grow) return judge_growth(change, now);
  judge_shrinking(change, now);
}

void bridge_tuner::judge_growth(double change, time_point now) {
  if (change <= limit()) return ++doubts_ < enough_doubts && !replacing_ ? look_again(now) : shrink_on(now);
  const unsigned added = wanted_ - proven_;
  doubts_ = 0;
  step_ = change >= nearly_all * added / proven_ && !replacing_ ? std::min(2 * step_, largest_step) : small_step();
  proven_ = wanted_;
  base_ = measured_;
  if (proven_ < most) return grow_on(now);
  pause_ = first_pause;  // there is nothing more to win
  rest(now);
}

void bridge_tuner::judge_shrinking(double change, time_point now) {
  if (change < limit()) return rest(now);
  proven_ = wanted_;  // and base_ stays: small losses must not add up
  shrink_on(now);
}

void bridge_tuner::grow_on(time_point now) { begin(trial::grow, std::min(proven_ + step_, most), now); }

void bridge_tuner::look_again(time_point now) { begin(trial::baseline, proven_, now); }

void bridge_tuner::shrink_on(time_point now) {
  doubts_ = 0;
  if (replacing_ || proven_ == least) return rest(now);
  begin(trial::shrink, proven_ - 1, now);
}

// The traffic has ended under a trial, and says nothing more.
void bridge_tuner::cancel_trial() {
  wanted_ = proven_;
  phase_ = phase::rest;
  doubts_ = 0;
}

void bridge_tuner::rest(time_point now) {
  cancel_trial();
  pause_ = std::clamp<std::chrono::seconds>(2 * pause_, first_pause, longest_pause);
  rest_until_ = now + pause_;
}

}  // namespace mtcp
