// What one TCP sender knows of its path: round-trip times (RFC 6298), and how much its congestion control lets it have
// in flight. All sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mtcp/types.hpp"

namespace mtcp::sim {

using core::duration;
using core::timestamp;

class round_trip {
 public:
  explicit round_trip(duration first) noexcept : smoothed_(first), variation_(first / 2) {}

  void sample(duration rtt) noexcept;
  /// The timer ran out: the next one takes twice as long, until an ack comes.
  void back_off() noexcept { ++expiries_; }
  void answered() noexcept { expiries_ = 0; }
  duration smoothed() const noexcept { return smoothed_; }
  duration timeout() const noexcept;

 private:
  duration smoothed_;
  duration variation_;
  int expiries_ = 0;
};

/// What one acknowledgement tells of the rate of delivery (draft-cheng-iccrg-delivery-rate-estimation).
struct delivery {
  timestamp now{0};
  duration rtt{0};
  std::size_t acked = 0;             ///< by this ack
  std::size_t lost = 0;              ///< found out by this ack
  std::size_t in_flight_before = 0;  ///< before it
  std::size_t in_flight = 0;         ///< after it
  std::uint64_t delivered = 0;       ///< in all
  std::uint64_t delivered_then = 0;  ///< when the packet that it answers was sent
  duration interval{0};              ///< in which the difference was delivered; 0 for unknown
  bool app_limited = false;          ///< there was not enough to send
  bool recovering = false;
};

class congestion {
 public:
  enum class control : std::uint8_t { careful, reno, cubic, bbr };
  static std::unique_ptr<congestion> make(control which, std::size_t segment, std::size_t initial_window,
                                          duration round_trip);

  congestion() = default;
  congestion(const congestion&) = delete;
  congestion& operator=(const congestion&) = delete;
  virtual ~congestion() = default;

  virtual std::size_t window() const noexcept = 0;
  virtual bool slow_start() const noexcept = 0;
  /// Bytes per second, 0 for as fast as the window allows.
  virtual double pacing_rate() const noexcept { return 0; }
  /// It keeps its window down to see the round trip without queues.
  virtual bool probing() const noexcept { return false; }

  /// The program has set the congestion control anew: it forgets what it knows, but not the window. Nothing happens if
  /// it is not in its first phase.
  virtual void begin_anew(timestamp, duration /*smoothed_rtt*/) noexcept {}

  /// To be called only while the window, and not the application, limits what is sent, and nothing is being recovered.
  virtual void acked(std::size_t bytes, timestamp now, duration rtt) noexcept = 0;
  /// For each acknowledgement.
  virtual void sampled(const delivery&) noexcept {}
  /// Once per window of data, however many packets of it were lost.
  virtual void lost() noexcept = 0;
  virtual void timed_out() noexcept = 0;
  /// The timeout was spurious: an ack of the first transmission came (RFC 5682).
  virtual void undo() noexcept = 0;
  /// The sender begins again after a pause.
  virtual void after_idle(duration idle, duration timeout) noexcept = 0;
};

}  // namespace mtcp::sim
