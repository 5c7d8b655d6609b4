// BBR as Linux has it (net/ipv4/tcp_bbr.c, version 1; draft-cardwell-iccrg-bbr-congestion-control-00): a model of the
// path, the highest rate of delivery of ten rounds and the lowest round trip of ten seconds, paces what is sent, and
// loss only bounds the window while it is recovered. Without the detection of policers, since no line of the simulator
// that is given to it polices.
#pragma once

#include <array>

#include "sim/congestion.hpp"

namespace mtcp::sim {

class bbr final : public congestion {
 public:
  bbr(std::size_t segment, std::size_t initial_window, duration round_trip) noexcept;

  std::size_t window() const noexcept override { return static_cast<std::size_t>(window_); }
  bool slow_start() const noexcept override { return mode_ == mode::startup; }
  double pacing_rate() const noexcept override { return pacing_rate_; }
  bool probing() const noexcept override { return mode_ == mode::probe_rtt; }

  void begin_anew(timestamp now, duration smoothed_rtt) noexcept override;
  void acked(std::size_t, timestamp, duration) noexcept override {}
  void sampled(const delivery& d) noexcept override;
  void lost() noexcept override {}  // it sees that in what is sampled
  void timed_out() noexcept override;
  void undo() noexcept override;
  void after_idle(duration idle, duration timeout) noexcept override;

 private:
  enum class mode : std::uint8_t { startup, drain, probe_bandwidth, probe_rtt };

  /// The highest of so many rounds, the current one included.
  class max_of_rounds {
   public:
    void add(std::uint64_t round, double value) noexcept;
    double get() const noexcept { return best_; }

   private:
    static constexpr std::uint64_t rounds = 10;
    std::array<double, rounds> values_{};
    std::uint64_t last_ = 0;
    double best_ = 0;
  };

  double rate() const noexcept { return rates_.get(); }
  double filled(double gain) const noexcept;
  double inflight_target(double gain) const noexcept;
  double pacing_gain() const noexcept;
  double window_gain() const noexcept;

  void update_round(const delivery& d) noexcept;
  void update_aggregation(const delivery& d) noexcept;
  void update_cycle(const delivery& d) noexcept;
  void check_full(const delivery& d) noexcept;
  void check_drain(const delivery& d) noexcept;
  void update_round_trip(const delivery& d) noexcept;
  void probe_round_trip(const delivery& d) noexcept;
  void set_pacing_rate() noexcept;
  void set_window(const delivery& d) noexcept;
  bool recover(const delivery& d) noexcept;
  void save_window() noexcept;
  void begin_cycle(timestamp now) noexcept;

  std::size_t segment_;
  std::size_t initial_;
  mode mode_ = mode::startup;
  double window_;
  double pacing_rate_;

  max_of_rounds rates_;
  std::uint64_t round_ = 0;
  std::uint64_t round_end_ = 0;  ///< delivered bytes at which it ends
  bool round_begins_ = false;

  duration min_rtt_;
  timestamp min_rtt_at_{0};
  bool min_rtt_known_ = false;
  timestamp probe_done_{0};  ///< 0 while what is in flight is still too much
  bool probe_round_done_ = false;
  bool idle_restart_ = false;

  bool full_ = false;  ///< the pipe, once
  double full_rate_ = 0;
  int full_count_ = 0;

  std::size_t cycle_ = 0;
  timestamp cycle_began_{0};

  bool recovering_ = false;
  bool timed_out_ = false;
  bool conserves_ = false;  ///< packets, in the first round of a recovery
  double prior_window_ = 0;

  timestamp ack_epoch_{0};
  double ack_epoch_acked_ = 0;
  std::array<double, 2> extra_{};  ///< what came in bunches beyond the rate, in this window of rounds and the last
  std::uint64_t extra_began_ = 0;
};

}  // namespace mtcp::sim
