#include "sim/bbr.hpp"

#include <algorithm>
#include <chrono>

namespace mtcp::sim {

namespace {

using namespace std::chrono_literals;

constexpr double high_gain = 2.885;  // 2 / ln 2
constexpr std::array<double, 8> cycle_gains{1.25, 0.75, 1, 1, 1, 1, 1, 1};
constexpr double pacing_margin = 0.99;
constexpr duration min_rtt_window = 10s;
constexpr duration probe_length = 200ms;
constexpr std::size_t min_segments = 4;
constexpr double full_growth = 1.25;
constexpr int full_rounds = 3;
constexpr std::uint64_t extra_rounds = 5;
constexpr double max_extra_seconds = 0.1;

double seconds(duration d) noexcept { return static_cast<double>(d.count()) * 1e-9; }

}  // namespace

void bbr::max_of_rounds::add(std::uint64_t round, double value) noexcept {
  for (; last_ < round; ++last_) values_[(last_ + 1) % rounds] = 0;
  values_[round % rounds] = std::max(values_[round % rounds], value);
  best_ = *std::max_element(values_.begin(), values_.end());
}

bbr::bbr(std::size_t segment, std::size_t initial_window, duration round_trip) noexcept
    : segment_(segment),
      initial_(initial_window),
      window_(static_cast<double>(initial_window)),
      pacing_rate_(high_gain * window_ / std::max(seconds(round_trip), 1e-3)),
      min_rtt_(round_trip) {}

// As Linux does it: the window stays, and so does the shortest round trip, which is TCP's.
void bbr::begin_anew(timestamp now, duration smoothed_rtt) noexcept {
  constexpr duration noise = 10ms;
  if (mode_ != mode::startup || recovering_ || timed_out_ || smoothed_rtt > 2 * min_rtt_ + noise) return;
  rates_ = {};
  round_ = extra_began_ = round_end_ = 0;
  full_ = false;
  full_rate_ = 0;
  full_count_ = 0;
  min_rtt_at_ = now;
  extra_ = {};
  pacing_rate_ = high_gain * window_ / std::max(seconds(smoothed_rtt), 1e-3) * pacing_margin;
}

// ---- the model ----

// Bytes that fill the path, times the gain.
double bbr::filled(double gain) const noexcept {
  if (!min_rtt_known_ || rate() <= 0) return gain * static_cast<double>(initial_);
  return gain * rate() * seconds(min_rtt_);
}

// And three bursts of a millisecond, since senders and receivers work in bursts (bbr_quantization_budget).
double bbr::inflight_target(double gain) const noexcept {
  const auto segment = static_cast<double>(segment_);
  const double burst = std::clamp(pacing_rate_ / 1024, 2 * segment, 65536.0);
  const double up = mode_ == mode::probe_bandwidth && cycle_ == 0 ? 2 * segment : 0;
  return filled(gain) + 3 * burst + up;
}

double bbr::pacing_gain() const noexcept {
  if (mode_ == mode::startup) return high_gain;
  if (mode_ == mode::drain) return 1 / high_gain;
  return mode_ == mode::probe_bandwidth ? cycle_gains[cycle_] : 1;
}

double bbr::window_gain() const noexcept {
  if (mode_ == mode::startup || mode_ == mode::drain) return high_gain;
  return mode_ == mode::probe_bandwidth ? 2 : 1;
}

void bbr::sampled(const delivery& d) noexcept {
  update_round(d);
  update_aggregation(d);
  update_cycle(d);
  check_full(d);
  check_drain(d);
  update_round_trip(d);
  set_pacing_rate();
  set_window(d);
}

void bbr::update_round(const delivery& d) noexcept {
  round_begins_ = false;
  if (d.interval <= duration{0}) return;
  if (d.delivered_then >= round_end_) {
    round_end_ = d.delivered;
    ++round_;
    round_begins_ = true;
    conserves_ = false;
  }
  const double sample = static_cast<double>(d.delivered - d.delivered_then) / seconds(d.interval);
  if (!d.app_limited || sample >= rate()) rates_.add(round_, sample);
}

// Acks that come in bunches (Wi-Fi, and a path whose delay varies) need a larger window than the rate fills.
void bbr::update_aggregation(const delivery& d) noexcept {
  if (d.acked == 0 || d.interval <= duration{0}) return;
  if (round_begins_ && round_ - extra_began_ >= extra_rounds) {
    extra_began_ = round_;
    extra_[1] = extra_[0];
    extra_[0] = 0;
  }
  double expected = rate() * seconds(d.now - ack_epoch_);
  if (ack_epoch_acked_ <= expected) {
    ack_epoch_acked_ = 0;
    ack_epoch_ = d.now;
    expected = 0;
  }
  ack_epoch_acked_ += static_cast<double>(d.acked);
  extra_[0] = std::max(extra_[0], std::min(ack_epoch_acked_ - expected, window_));
}

void bbr::update_cycle(const delivery& d) noexcept {
  if (mode_ != mode::probe_bandwidth) return;
  const bool full_length = d.now - cycle_began_ > min_rtt_;
  const double gain = cycle_gains[cycle_];
  bool next = full_length;
  const auto before = static_cast<double>(d.in_flight_before);
  if (gain > 1) next = full_length && (d.lost > 0 || before >= inflight_target(gain));
  if (gain < 1) next = full_length || before <= inflight_target(1);
  if (!next) return;
  cycle_ = (cycle_ + 1) % cycle_gains.size();
  cycle_began_ = d.now;
}

void bbr::check_full(const delivery& d) noexcept {
  if (full_ || !round_begins_ || d.app_limited) return;
  if (rate() >= full_growth * full_rate_) {
    full_rate_ = rate();
    full_count_ = 0;
    return;
  }
  full_ = ++full_count_ >= full_rounds;
}

void bbr::check_drain(const delivery& d) noexcept {
  if (mode_ == mode::startup && full_) mode_ = mode::drain;
  if (mode_ == mode::drain && static_cast<double>(d.in_flight) <= inflight_target(1)) begin_cycle(d.now);
}

// Linux draws where the cycle begins, but not where it drains. Here each cycle begins with the first phase after that.
void bbr::begin_cycle(timestamp now) noexcept {
  mode_ = mode::probe_bandwidth;
  cycle_ = 2;
  cycle_began_ = now;
}

void bbr::update_round_trip(const delivery& d) noexcept {
  const bool expired = d.now > min_rtt_at_ + min_rtt_window;
  if (d.rtt > duration{0} && (!min_rtt_known_ || d.rtt < min_rtt_ || expired)) {
    min_rtt_ = d.rtt;
    min_rtt_at_ = d.now;
    min_rtt_known_ = true;
  }
  if (expired && !idle_restart_ && mode_ != mode::probe_rtt) {
    mode_ = mode::probe_rtt;
    save_window();
    probe_done_ = timestamp{0};
  }
  if (mode_ == mode::probe_rtt) probe_round_trip(d);
  if (d.acked > 0) idle_restart_ = false;
}

void bbr::probe_round_trip(const delivery& d) noexcept {
  if (probe_done_ == timestamp{0}) {
    if (d.in_flight > min_segments * segment_) return;
    probe_done_ = d.now + probe_length;
    probe_round_done_ = false;
    round_end_ = d.delivered;
    return;
  }
  probe_round_done_ |= round_begins_;
  if (!probe_round_done_ || d.now <= probe_done_) return;
  min_rtt_at_ = d.now;
  window_ = std::max(window_, prior_window_);
  if (full_) return begin_cycle(d.now);
  mode_ = mode::startup;
}

// ---- what follows from it ----

void bbr::set_pacing_rate() noexcept {
  if (rate() <= 0) return;
  const double wanted = pacing_gain() * rate() * pacing_margin;
  if (full_ || wanted > pacing_rate_) pacing_rate_ = wanted;
}

void bbr::set_window(const delivery& d) noexcept {
  const auto segment = static_cast<double>(segment_);
  const auto acked = static_cast<double>(d.acked);
  if (d.acked > 0 && !recover(d)) {
    double target = inflight_target(window_gain());
    if (full_) target += std::min(std::max(extra_[0], extra_[1]), max_extra_seconds * rate());
    if (full_) {
      window_ = std::min(window_ + acked, target);
    } else if (window_ < target || d.delivered < initial_) {
      window_ += acked;
    }
    window_ = std::max(window_, static_cast<double>(min_segments) * segment);
  }
  if (mode_ == mode::probe_rtt) window_ = std::min(window_, static_cast<double>(min_segments) * segment);
}

// Loss only bounds the window for a round (bbr_set_cwnd_to_recover_or_restore). True while packets are conserved.
bool bbr::recover(const delivery& d) noexcept {
  const auto flight = static_cast<double>(d.in_flight + d.acked);
  const auto segment = static_cast<double>(segment_);
  if (d.lost > 0) window_ = std::max(window_ - static_cast<double>(d.lost), segment);
  if (d.recovering && !recovering_ && !timed_out_) {
    save_window();
    conserves_ = true;
    round_end_ = d.delivered;
    window_ = flight;
  } else if (!d.recovering && (recovering_ || timed_out_)) {
    window_ = std::max(window_, prior_window_);
    conserves_ = timed_out_ = false;
  }
  recovering_ = d.recovering;
  if (conserves_) window_ = std::max(window_, flight);
  return conserves_;
}

void bbr::save_window() noexcept {
  const bool whole = !recovering_ && !timed_out_ && mode_ != mode::probe_rtt;
  prior_window_ = whole ? window_ : std::max(prior_window_, window_);
}

void bbr::timed_out() noexcept {
  save_window();
  timed_out_ = true;
  full_rate_ = 0;
  window_ = static_cast<double>(segment_);
}

void bbr::undo() noexcept {
  full_rate_ = 0;
  full_count_ = 0;
  window_ = std::max(window_, prior_window_);
}

// It does not fall back: it goes on at the rate that it knew (BBR.RestartFromIdle).
void bbr::after_idle(duration idle, duration) noexcept {
  if (idle <= duration{0}) return;
  idle_restart_ = true;
  if (mode_ == mode::probe_bandwidth) pacing_rate_ = rate() * pacing_margin;
}

}  // namespace mtcp::sim
