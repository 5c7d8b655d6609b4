#include "mtcp/session/bridge_tuner.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;

// One bridge more must raise the total by this share, and one less may lower it by that. With 16 bridges that carry
// alike one is worth 6 %.
constexpr double worth_adding = 0.05;
constexpr double worth_keeping = 0.04;
// After a gain of this share of what was hoped for the next step is twice as large.
constexpr double nearly_all = 0.7;
// So many trials in a row have to fail: other traffic and other work of the machine disturb single trials.
constexpr int enough_doubts = 2;
// A new bridge needs some round trips until it carries all that it can.
constexpr auto settle_time = 600ms;
constexpr auto measure_time = 1000ms;
constexpr auto dial_patience = 4s;
constexpr auto first_pause = 10s;
constexpr auto longest_pause = 320s;
// Bytes per second; less traffic is not worth tuning for.
constexpr double little = 256 * 1024;

double per_second(std::uint64_t bytes, core::duration time) {
  return static_cast<double>(bytes) / std::max(std::chrono::duration<double>(time).count(), 1e-3);
}

}  // namespace

void bridge_tuner::sample(time_point now, std::uint64_t bytes, std::size_t up) {
  if (!busy(now, bytes)) return cancel_trial();
  if (phase_ == phase::rest) {
    if (now >= rest_until_) begin(trial::baseline, wanted_, now);
  } else if (phase_ == phase::settle) {
    if (up < wanted_) {
      if (now - since_ > dial_patience) rest(now, false);
    } else if (now - since_ >= settle_time) {
      phase_ = phase::measure;
      since_ = now;
      bytes_then_ = bytes;
    }
  } else if (now - since_ >= measure_time) {
    judge(per_second(bytes - bytes_then_, now - since_), now);
  }
}

// Whether traffic is steady: two samples in a row without traffic are a pause.
bool bridge_tuner::busy(time_point now, std::uint64_t bytes) {
  const double rate = per_second(bytes - last_bytes_, now - last_at_);
  const bool first = last_at_ == time_point{} || bytes < last_bytes_;  // or another session
  last_at_ = now;
  last_bytes_ = bytes;
  if (first || rate < little) return ++quiet_samples_ < 2 && !first;
  quiet_samples_ = 0;
  return true;
}

void bridge_tuner::begin(trial what, unsigned bridges, time_point now) {
  trial_ = what;
  wanted_ = bridges;
  phase_ = phase::settle;
  since_ = now;
}

void bridge_tuner::judge(double rate, time_point now) {
  const double change = base_ > 0 ? rate / base_ - 1 : 0;
  if (trial_ == trial::baseline) {
    base_ = rate;
    step_ = 1;
    return proven_ < most ? grow_on(now) : shrink_on(now);
  }
  if (trial_ == trial::grow) {
    const unsigned added = wanted_ - proven_;
    if (change <= worth_adding * added) return ++doubts_ < enough_doubts ? look_again(now) : shrink_on(now);
    doubts_ = 0;
    step_ = change >= nearly_all * added / proven_ ? 2 : 1;
    proven_ = wanted_;
    base_ = rate;
    return proven_ < most ? grow_on(now) : rest(now, true);
  }
  if (change < -worth_keeping) return rest(now, false);
  proven_ = wanted_;  // and base_ stays: small losses must not add up
  shrink_on(now);
}

void bridge_tuner::grow_on(time_point now) { begin(trial::grow, std::min(proven_ + step_, most), now); }

void bridge_tuner::look_again(time_point now) { begin(trial::baseline, proven_, now); }

void bridge_tuner::shrink_on(time_point now) {
  doubts_ = 0;
  if (proven_ == least) return rest(now, false);
  begin(trial::shrink, proven_ - 1, now);
}

// The traffic has ended under a trial, and says nothing more.
void bridge_tuner::cancel_trial() {
  wanted_ = proven_;
  phase_ = phase::rest;
  doubts_ = 0;
}

void bridge_tuner::rest(time_point now, bool again_soon) {
  cancel_trial();
  pause_ = again_soon ? std::chrono::seconds(first_pause)
                      : std::clamp<std::chrono::seconds>(2 * pause_, first_pause, longest_pause);
  rest_until_ = now + pause_;
}

}  // namespace mtcp
