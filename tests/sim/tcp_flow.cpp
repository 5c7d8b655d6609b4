#include "sim/tcp_flow.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

namespace {

// Segments are simulated in bursts of up to half a millisecond, as segmentation offload sends them.
constexpr std::uint64_t bursts_per_second = 2000;
constexpr std::size_t max_burst_segments = 11;

constexpr std::size_t probe_segments = 4;
constexpr duration probe_length = std::chrono::milliseconds(200);
constexpr double pacing_gain = 1.25;

}  // namespace

tcp_flow::tcp_flow(event_queue& events, line& forward, line& backward, const options& o, handlers h)
    : events_(events),
      forward_(forward),
      backward_(backward),
      options_(o),
      handlers_(std::move(h)),
      rtt_(forward.delay() + backward.delay()),
      congestion_(congestion::make(o.control, o.segment, o.initial_window, forward.delay() + backward.delay())),
      last_sent_(events.now()),
      waiting_since_(events.now()),
      retransmission_(events, [this] { timed_out(); }),
      probe_(events, [this] { turn_probe(); }),
      pace_(events, [this] { send_more(); }) {
  if (options_.probe_every > duration{0}) probe_.arm(events.now() + options_.probe_every);
}

// ---- the sender's end ----

std::size_t tcp_flow::window() const noexcept {
  return probing_ ? std::min(probe_segments * options_.segment, congestion_->window()) : congestion_->window();
}

std::size_t tcp_flow::window_left() const noexcept {
  const std::size_t most = window();
  return most > in_flight_ ? most - in_flight_ : 0;
}

std::size_t tcp_flow::room() noexcept {
  const std::uint64_t queued = written_ - acked_;
  const std::size_t low_water = low_water_ + options_.relay_buffer;
  if (!sending_ || closed_) return 0;
  if (not_sent() >= low_water || queued >= most_queued()) {
    writer_waits_ = true;
    return 0;
  }
  // What the window takes at once does not count as unsent.
  const std::size_t at_once = paces() ? 0 : window_left();
  return std::min(low_water - not_sent() + at_once, most_queued() - queued);
}

std::size_t tcp_flow::write(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  std::size_t room_left = room();
  note_app_limit();
  while (taken < bytes.size() && room_left > 0) {
    const auto part = bytes.subspan(taken, std::min(options_.record, bytes.size() - taken));
    written_ += part.size() + options_.record_overhead;
    records_.push_back({written_, core::slice::copy_of(part)});
    taken += part.size();
    room_left -= std::min(room_left, part.size() + options_.record_overhead);
  }
  if (taken < bytes.size()) writer_waits_ = true;
  send_more();
  return taken;
}

void tcp_flow::close() {
  if (!sending_ || closed_) return;
  closed_ = true;
  ++written_;
  send_more();
}

void tcp_flow::stop_sending() noexcept {
  sending_ = false;
  retransmission_.cancel();
  probe_.cancel();
  pace_.cancel();
}

core::tcp_info tcp_flow::info() const noexcept {
  if (options_.relay_buffer > 0)
    return {.srtt = std::chrono::microseconds(10), .congestion_window = 900'000, .acknowledged = written_ - unsent()};
  return {.srtt = rtt_.smoothed(),
          .congestion_window = window(),
          .recovering = state_ != state::open,
          .acknowledged = acked_,
          .sent = count_.sent + count_.retransmitted,
          .resent = count_.retransmitted,
          .probing = probing_ || congestion_->probing()};
}

std::size_t tcp_flow::burst() const noexcept {
  if (forward_.lossy()) return options_.segment;
  const std::size_t segments = forward_.rate() / bursts_per_second / options_.segment;
  return options_.segment * std::clamp<std::size_t>(segments, 1, max_burst_segments);
}

void tcp_flow::send_more() {
  if (!sending_) return;
  if (outstanding_.empty()) congestion_->after_idle(events_.now() - last_sent_, rtt_.timeout());
  while (in_flight_ == 0 || window_left() >= options_.segment) {
    if (lost_.empty() && not_sent() == 0) break;
    if (events_.now() < next_departure_) {
      pace_.arm(next_departure_);
      break;
    }
    if (!resend_lost()) send_new();
  }
  if (not_sent() > 0 || !lost_.empty()) limited_ = true;
  max_in_flight_ = std::max(max_in_flight_, in_flight_);
  if (!retransmission_.armed()) rearm();
  wake_writer();
}

bool tcp_flow::resend_lost() {
  if (lost_.empty()) return false;
  const auto [from, size] = *lost_.begin();
  lost_.erase(lost_.begin());
  if (from + size <= acked_) return true;
  count_.retransmitted += size;
  transmit(from, size);
  return true;
}

void tcp_flow::send_new() {
  const std::size_t whole_segments = window_left() / options_.segment * options_.segment;
  const std::size_t size = std::min({not_sent(), static_cast<std::uint64_t>(burst()),
                                     static_cast<std::uint64_t>(std::max(whole_segments, options_.segment))});
  count_.sent += size;
  transmit(next_, size);
  next_ += size;
}

double tcp_flow::pacing_rate() const noexcept {
  const double own = congestion_->pacing_rate();
  return own > 0 ? own : pacing_gain * static_cast<double>(forward_.rate());
}

// The application writes only now that everything has been sent, though more was allowed (tcp_rate_check_app_limited).
void tcp_flow::note_app_limit() noexcept {
  if (not_sent() < options_.segment && lost_.empty() && in_flight_ < window())
    app_limited_until_ = delivered_ + in_flight_ + 1;
}

void tcp_flow::transmit(std::uint64_t from, std::size_t size) {
  if (outstanding_.empty()) waiting_since_ = events_.now();
  const std::uint64_t number = first_outstanding_ + outstanding_.size();
  if (in_flight_ == 0) first_sent_ = delivered_at_ = events_.now();
  outstanding_.push_back({.from = from,
                          .size = size,
                          .sent = events_.now(),
                          .delivered = delivered_,
                          .delivered_at = delivered_at_,
                          .first_sent = first_sent_,
                          .app_limited = delivered_ < app_limited_until_});
  in_flight_ += size;
  if (paces()) next_departure_ = events_.now() + time_of(size, static_cast<std::uint64_t>(pacing_rate()));
  last_sent_ = events_.now();
  forward_.send(size, [this, number] { arrive(number); });
}

// ---- the receiver's end ----

void tcp_flow::arrive(std::uint64_t number) {
  if (!receiving_) return;
  transmission& t = outstanding_[number - first_outstanding_];
  received_.add(t.from, t.from + t.size);
  t.arrived = true;
  t.acknowledges = received_.next();
  backward_.send_ack([this, number] { acked(number); });
  deliver();
}

void tcp_flow::deliver() {
  while (receiving_ && !records_.empty() && records_.front().end <= received_.next()) {
    const core::slice plaintext = std::move(records_.front().plaintext);
    records_.pop_front();
    handlers_.delivered(plaintext);
  }
  if (receiving_ && closed_ && received_.next() == written_) {
    receiving_ = false;
    handlers_.ended();
  }
}

void tcp_flow::stop_receiving() noexcept {
  receiving_ = false;
  records_.clear();
}

// ---- acks ----

void tcp_flow::acked(std::uint64_t number) {
  if (!sending_ || number < first_outstanding_) return;
  const transmission newest = outstanding_[number - first_outstanding_];
  const std::size_t in_flight_before = in_flight_;
  outcome told;
  for (; first_outstanding_ <= number; ++first_outstanding_) {
    retire(outstanding_.front(), told);
    outstanding_.pop_front();
  }
  waiting_since_ = events_.now();
  rtt_.sample(events_.now() - newest.sent);
  rtt_.answered();
  update_state(told);
  sample(newest, told, in_flight_before);
  grow(told.delivered);
  time_probe();
  rearm();
  send_more();
}

// The network keeps the order: whatever was sent before a packet that arrived has arrived as well, or is lost.
void tcp_flow::retire(const transmission& t, outcome& told) {
  if (!t.written_off) in_flight_ -= t.size;
  if (t.arrived) {
    acked_ = std::max(acked_, t.acknowledges);
    told.delivered += t.size;
    told.spurious |= t.written_off;
    lost_.erase(t.from);
  } else if (!t.written_off) {
    told.lost += t.size;
    lost_[t.from] = t.size;
  }
}

void tcp_flow::update_state(const outcome& told) {
  if (state_ == state::loss && told.spurious) {
    congestion_->undo();
    reinstate();
    state_ = state::open;
  }
  if (told.lost > 0 && state_ == state::open) {
    congestion_->lost();
    ++count_.losses;
    state_ = state::recovery;
    recovery_point_ = next_;
  }
  if (state_ != state::open && acked_ >= recovery_point_) state_ = state::open;
}

// The newest packet that an ack answers tells over which time the bytes delivered since it was sent are to be spread:
// the longer of that in which they were sent and that in which they were acknowledged.
void tcp_flow::sample(const transmission& newest, const outcome& told, std::size_t in_flight_before) {
  delivered_ += told.delivered;
  delivered_at_ = events_.now();
  first_sent_ = newest.sent;
  congestion_->sampled({.now = events_.now(),
                        .rtt = events_.now() - newest.sent,
                        .acked = told.delivered,
                        .lost = told.lost,
                        .in_flight_before = in_flight_before,
                        .in_flight = in_flight_,
                        .delivered = delivered_,
                        .delivered_then = newest.delivered,
                        .interval = std::max(newest.sent - newest.first_sent, events_.now() - newest.delivered_at),
                        .app_limited = newest.app_limited,
                        .recovering = state_ != state::open});
}

void tcp_flow::reinstate() {
  for (transmission& t : outstanding_) {
    if (!t.written_off) continue;
    t.written_off = false;
    in_flight_ += t.size;
    lost_.erase(t.from);
  }
}

// A window that the application does not fill proves nothing and does not grow (RFC 7661, as Linux has it).
void tcp_flow::grow(std::size_t delivered) {
  const bool half_used = congestion_->slow_start() && congestion_->window() < 2 * max_in_flight_;
  if (state_ != state::recovery && !probing_ && (limited_ || was_limited_ || half_used)) {
    congestion_->acked(delivered, events_.now(), rtt_.smoothed());
  }
  if (acked_ < round_end_) return;
  round_end_ = next_;
  was_limited_ = std::exchange(limited_, false);
  max_in_flight_ = in_flight_;
}

void tcp_flow::timed_out() {
  if (events_.now() - waiting_since_ >= options_.give_up) {
    stop_sending();
    return handlers_.gave_up();
  }
  for (transmission& t : outstanding_) {
    if (!std::exchange(t.written_off, true)) lost_[t.from] = t.size;
  }
  in_flight_ = 0;
  if (state_ != state::loss) congestion_->timed_out();
  state_ = state::loss;
  recovery_point_ = next_;
  ++count_.timeouts;
  rtt_.back_off();
  send_more();
}

void tcp_flow::rearm() {
  if (acked_ == next_) return retransmission_.cancel();
  retransmission_.arm(events_.now() + rtt_.timeout());
}

void tcp_flow::turn_probe() {
  probing_ = !probing_;
  if (probing_) return time_probe();
  probe_.arm(events_.now() + options_.probe_every);
  send_more();
}

// It lasts from when what was on the way has drained.
void tcp_flow::time_probe() {
  if (probing_ && !probe_.armed() && in_flight_ <= probe_segments * options_.segment)
    probe_.arm(events_.now() + probe_length);
}

// A waiting writer is woken at half of the low-water mark (tcp_stream_memory_free), so that it is not woken for little.
void tcp_flow::wake_writer() {
  if (!writer_waits_ || closed_ || 2 * unsent() >= low_water_) return;
  if (3 * (written_ - acked_) >= 2 * most_queued()) return;
  writer_waits_ = false;
  handlers_.writable();
}

}  // namespace mtcp::sim
