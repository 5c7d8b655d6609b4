// The narrow places of a network: a queue in front of a limited rate, and a policer that has no queue.
//
// Sizes in bytes, rates in bytes per second. Both measure with a virtual scheduling time (the GCRA of ITU-T I.371): the
// moment up to which the rate has been used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "sim/event_queue.hpp"

namespace mtcp::sim {

/// Time that `bytes` take at `rate` bytes per second.
constexpr duration time_of(std::uint64_t bytes, std::uint64_t rate) noexcept {
  return duration(static_cast<std::int64_t>(static_cast<double>(bytes) * 1e9 / static_cast<double>(rate)));
}

/// A drop-tail queue served first come, first served. With a burst it is a shaper (a token bucket that delays), without
/// one a line. Several connections may share it.
class bottleneck {
 public:
  struct options {
    std::uint64_t rate = 1'000'000;
    std::size_t queue = 256 << 10;  ///< bytes that may wait; one packet always may
    std::size_t burst = 0;          ///< bytes that pass without delay after a pause
  };

  bottleneck(event_queue& events, const options& o);
  bottleneck(const bottleneck&) = delete;
  bottleneck& operator=(const bottleneck&) = delete;

  /// `departed` runs when the packet has left; false when the queue was full and the packet is lost.
  bool enqueue(std::size_t size, event_queue::action departed);
  /// What waits now is sent at the new rate as well.
  void set_rate(std::uint64_t rate);
  std::uint64_t rate() const noexcept { return options_.rate; }
  std::size_t backlog() const noexcept { return backlog_; }
  /// How long a packet that came now would wait.
  duration delay() const noexcept { return waiting_.empty() ? duration{0} : time_of(backlog_, options_.rate); }

 private:
  struct packet {
    std::size_t size;
    event_queue::action departed;
  };
  void serve();
  void depart();

  event_queue& events_;
  options options_;
  std::deque<packet> waiting_;
  std::size_t backlog_ = 0;
  timestamp used_until_{0};  ///< when the packets served so far would have passed at exactly the rate
  timer departure_;
};

/// Drops what exceeds a rate, as access networks and "traffic policing" do.
class policer {
 public:
  struct options {
    std::uint64_t rate = 1'000'000;
    std::size_t burst = 64 << 10;
  };

  explicit policer(const options& o) : options_(o) {}
  bool admit(std::size_t size, timestamp now) noexcept;

 private:
  options options_;
  timestamp used_until_{0};
};

}  // namespace mtcp::sim
