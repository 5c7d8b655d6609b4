// One direction of one TCP connection that carries TLS records: bytes are written at one end and come out at the other.
//
// The sender behaves as Linux does where it matters to a scheduler above it: a low-water mark of unsent bytes decides
// about writability, the window grows only while it is the limit, a lost packet holds back all that follow it until it
// has been sent again (SACK, RFC 6675; what a later ack passes over is lost), a lost tail waits for the retransmission
// timer (RFC 6298), and spurious timeouts are undone (RFC 5682). All sizes in bytes, record overhead included.
//
// Which congestion control it has is an option; with BBR it paces. With any of them it can do what BBR does every now
// and then: it keeps its window down to four segments for 200 ms, to see the round trip without queues
// (draft-cardwell-iccrg-bbr-congestion-control, section 4.3.4), and paces at a little more than the rate of the line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "mtcp/buffer.hpp"
#include "mtcp/core/engine.hpp"
#include "sim/congestion.hpp"
#include "sim/event_queue.hpp"
#include "sim/line.hpp"
#include "sim/reassembly.hpp"

namespace mtcp::sim {

class tcp_flow {
 public:
  struct options {
    std::size_t segment = 1448;
    std::size_t initial_window = 10 * 1448;
    std::size_t send_buffer = 4 << 20;            ///< most that is written and not acknowledged
    std::size_t record = 16384;                   ///< plaintext of a TLS record
    std::size_t record_overhead = 22;             ///< header, content type and tag (RFC 8446, section 5.2)
    duration give_up = std::chrono::seconds(20);  ///< without any ack (TCP_USER_TIMEOUT)
    congestion::control control = congestion::control::careful;
    duration probe_every{0};  ///< as BBR: how often it looks at the round trip; and it paces
    /// A relay next door takes in so many bytes at once, beyond what is on the way behind it. What the sender sees of
    /// its connection is how far they have come there. 0 for none.
    std::size_t relay_buffer = 0;
  };
  struct handlers {
    std::function<void()> writable;              ///< takes bytes again after it did not
    std::function<void(core::slice)> delivered;  ///< plaintext, in order
    std::function<void()> ended;                 ///< the receiver has read to the end
    std::function<void()> gave_up;               ///< the sender has
  };

  /// The lines must outlive the flow; acks return by `backward`.
  tcp_flow(event_queue& events, line& forward, line& backward, const options& o, handlers h);
  tcp_flow(const tcp_flow&) = delete;
  tcp_flow& operator=(const tcp_flow&) = delete;

  // ---- the sender's end ----

  /// Bytes of unsent data at which it takes no more (TCP_NOTSENT_LOWAT).
  void set_low_water(std::size_t bytes) noexcept { low_water_ = bytes; }
  /// Bytes that write() would take, more or less; when 0, handlers::writable follows.
  std::size_t room() noexcept;
  /// Returns the number of bytes taken; when that is less than offered, handlers::writable follows.
  std::size_t write(std::span<const std::byte> bytes);
  /// No more writes: the receiver reads the end after the last byte.
  void close();
  void stop_sending() noexcept;
  /// Bytes that were written and have not been sent for the first time, or are not with the relay.
  std::uint64_t unsent() const noexcept {
    return not_sent() - std::min<std::uint64_t>(not_sent(), options_.relay_buffer);
  }
  core::tcp_info info() const noexcept;
  /// What the programs do so that BBR does not pause (net/platform/platform_bbr.hpp).
  void postpone_pause() noexcept { congestion_->begin_anew(events_.now(), rtt_.smoothed()); }

  // ---- the receiver's end ----

  void stop_receiving() noexcept;
  std::uint64_t received() const noexcept { return received_.next(); }

  struct counters {
    std::uint64_t sent = 0;  ///< first transmissions
    std::uint64_t retransmitted = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t losses = 0;  ///< times that the window was reduced without a timeout
  };
  const counters& count() const noexcept { return count_; }

 private:
  struct transmission {
    std::uint64_t from;
    std::size_t size;
    timestamp sent;
    std::uint64_t acknowledges = 0;  ///< cumulative ack that its arrival caused
    bool arrived = false;
    bool written_off = false;     ///< by a timeout; an ack may still come
    std::uint64_t delivered = 0;  ///< bytes, when it was sent
    timestamp delivered_at{0};
    timestamp first_sent{0};
    bool app_limited = false;
  };
  /// What one ack tells of the packets that it answers.
  struct outcome {
    std::size_t delivered = 0;
    std::size_t lost = 0;
    bool spurious = false;  ///< what had been written off has arrived
  };
  struct record {
    std::uint64_t end;
    core::slice plaintext;
  };
  enum class state { open, recovery, loss };

  std::size_t most_queued() const noexcept { return options_.send_buffer + options_.relay_buffer; }
  std::uint64_t not_sent() const noexcept { return written_ - next_; }
  std::size_t window() const noexcept;
  std::size_t window_left() const noexcept;
  std::size_t burst() const noexcept;
  bool paces() const noexcept { return options_.probe_every > duration{0} || congestion_->pacing_rate() > 0; }
  double pacing_rate() const noexcept;

  void send_more();
  bool resend_lost();
  void send_new();
  void note_app_limit() noexcept;
  void transmit(std::uint64_t from, std::size_t size);
  void arrive(std::uint64_t number);
  void deliver();
  void acked(std::uint64_t number);
  void retire(const transmission& t, outcome& told);
  void reinstate();
  void update_state(const outcome& told);
  void sample(const transmission& newest, const outcome& told, std::size_t in_flight_before);
  void grow(std::size_t delivered);
  void timed_out();
  void rearm();
  void turn_probe();
  void time_probe();
  void wake_writer();

  event_queue& events_;
  line& forward_;
  line& backward_;
  options options_;
  handlers handlers_;

  // Sender: positions in the byte sequence; the end, once closed, takes one position as in TCP.
  std::uint64_t acked_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t written_ = 0;
  std::size_t low_water_ = 128 << 10;
  bool writer_waits_ = false;
  bool closed_ = false;
  bool sending_ = true;

  std::deque<transmission> outstanding_;  ///< consecutive, in the order of sending
  std::uint64_t first_outstanding_ = 0;
  std::map<std::uint64_t, std::size_t> lost_;  ///< by position: to be sent again
  std::size_t in_flight_ = 0;                  ///< sent, and neither acknowledged nor lost

  round_trip rtt_;
  std::unique_ptr<congestion> congestion_;
  state state_ = state::open;
  std::uint64_t recovery_point_ = 0;
  std::uint64_t round_end_ = 0;          ///< when it is acknowledged a round trip has passed
  std::size_t max_in_flight_ = 0;        ///< in this round
  bool limited_ = false;                 ///< the window held something back in this round
  bool was_limited_ = false;             ///< in the last one
  std::uint64_t delivered_ = 0;          ///< bytes, however often they were sent
  timestamp delivered_at_{0};            ///< the last of them
  timestamp first_sent_{0};              ///< of the packets that the next sample is about
  std::uint64_t app_limited_until_ = 0;  ///< bytes delivered; what is sent before says how much was offered
  timestamp last_sent_{0};
  timestamp waiting_since_{0};  ///< for an ack of anything
  timer retransmission_;
  bool probing_ = false;
  timer probe_;  ///< the next probe, or the end of this one
  timestamp next_departure_{0};
  timer pace_;

  // Receiver
  reassembly received_;
  std::deque<record> records_;  ///< written and not delivered
  bool receiving_ = true;

  counters count_;
};

}  // namespace mtcp::sim
