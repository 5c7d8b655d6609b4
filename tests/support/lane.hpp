// One direction of one connection through the lab's network: a line of a given rate, then a delay.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "support/background.hpp"
#include "support/pacer.hpp"

namespace mtcp::lab {

/// Bytes wait in the receive buffer of `from` until the line has room, as in the buffer of a router; then they are in
/// flight for `delay`, then they are written to `to`. An end of file and a reset cross like bytes.
/// Single-threaded: everything runs on the sockets' executor.
class lane {
 public:
  using on_delivery = std::function<void(std::size_t)>;
  /// The sockets stay the caller's and outlive both coroutines, as does the line that this one shares with others.
  lane(tcp_socket& from, tcp_socket& to, pacer& shared, on_delivery delivered);

  void set(double bytes_per_second, std::chrono::microseconds delay);
  /// Nothing moves while stalled, nothing is lost.
  void stall(bool on);
  /// Drops what is on the way and all that comes.
  void discard();

  /// Run both; each ends after the end of the stream or when a socket is closed.
  task<> receive();
  task<> deliver();

 private:
  enum class mode : std::uint8_t { delivering, stalled, discarding };
  enum class content : std::uint8_t { bytes, end, reset };
  struct parcel {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    content what = content::bytes;
    pacer::time_point due;
  };
  bool full() const;
  task<> wait(lab_timer& signal);
  task<> sleep_until(lab_timer& timer, pacer::time_point when);
  parcel take_spare();
  void post(parcel p);
  void post_end(error_code why);
  void finish(content how);

  tcp_socket& from_;
  tcp_socket& to_;
  pacer& shared_;
  on_delivery delivered_;
  pacer line_;
  std::chrono::microseconds delay_{0};
  std::deque<parcel> in_flight_;
  std::vector<parcel> spare_;
  std::size_t queued_ = 0;
  std::size_t queue_limit_ = 0;
  mode mode_ = mode::delivering;
  lab_timer room_;      // cancelled when there may be room, or the stall is over
  lab_timer arrivals_;  // cancelled when there may be something to deliver
  lab_timer line_free_;
  lab_timer due_;
};

/// Closes so that the peer reads a reset, not an end of file.
void close_with_reset(tcp_socket& socket);

}  // namespace mtcp::lab
