#include "support/lane.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace mtcp::lab {
namespace {

constexpr std::size_t parcel_size = 128 * 1024;

}  // namespace

void close_with_reset(tcp_socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

lane::lane(tcp_socket& from, tcp_socket& to, pacer& shared, on_delivery delivered)
    : from_(from),
      to_(to),
      shared_(shared),
      delivered_(std::move(delivered)),
      room_(from.get_executor()),
      arrivals_(from.get_executor()),
      line_free_(from.get_executor()),
      due_(from.get_executor()) {
  set(0, std::chrono::microseconds{0});
}

void lane::set(double bytes_per_second, std::chrono::microseconds delay) {
  line_.set_rate(bytes_per_second);
  delay_ = delay;
  // What the delay holds at most, and some for a receiver that is slower than the line.
  const double in_delay =
      std::chrono::duration<double>(delay).count() * (bytes_per_second > 0 ? bytes_per_second : 1e9);
  queue_limit_ = static_cast<std::size_t>(in_delay) + 2 * parcel_size;
}

void lane::stall(bool on) {
  if (mode_ != mode::discarding) mode_ = on ? mode::stalled : mode::delivering;
  room_.cancel();
  arrivals_.cancel();
}

void lane::discard() {
  mode_ = mode::discarding;
  in_flight_.clear();
  queued_ = 0;
  stall(false);
  due_.cancel();
  line_free_.cancel();
}

bool lane::full() const { return queued_ >= queue_limit_; }

task<> lane::wait(lab_timer& signal) {
  signal.expires_at(pacer::time_point::max());
  co_await signal.async_wait(as_result);
}

task<> lane::sleep_until(lab_timer& timer, pacer::time_point when) {
  if (when <= lab_clock::now()) co_return;
  timer.expires_at(when);
  co_await timer.async_wait(as_result);
}

lane::parcel lane::take_spare() {
  parcel p;
  if (spare_.empty()) {
    p.bytes = std::make_unique_for_overwrite<std::byte[]>(parcel_size);
  } else {
    p = std::move(spare_.back());
    spare_.pop_back();
  }
  return p;
}

void lane::post(parcel p) {
  queued_ += p.size;
  in_flight_.push_back(std::move(p));
  arrivals_.cancel();
}

void lane::post_end(error_code why) {
  parcel last;
  last.what = why == asio::error::eof ? content::end : content::reset;
  last.due = lab_clock::now() + delay_;
  post(std::move(last));
}

task<> lane::receive() {
  for (;;) {
    while (mode_ == mode::stalled || (mode_ == mode::delivering && full())) co_await wait(room_);
    parcel p = take_spare();
    const auto buffer = asio::buffer(p.bytes.get(), shared_.batch(line_.batch(parcel_size)));
    const auto [ec, size] = co_await from_.async_read_some(buffer, as_result);
    if (ec) {
      post_end(ec);
      co_return;
    }
    if (mode_ == mode::discarding) continue;
    const auto now = lab_clock::now();
    const auto leaves = std::max(line_.departure(size, now), shared_.departure(size, now));
    p.size = size;
    p.due = leaves + delay_;
    post(std::move(p));
    co_await sleep_until(line_free_, leaves);
  }
}

task<> lane::deliver() {
  for (;;) {
    while (mode_ == mode::stalled || in_flight_.empty()) co_await wait(arrivals_);
    co_await sleep_until(due_, in_flight_.front().due);
    if (mode_ == mode::stalled || in_flight_.empty()) continue;
    parcel p = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (p.what != content::bytes) {
      finish(p.what);
      co_return;
    }
    const auto buffer = asio::buffer(p.bytes.get(), p.size);
    const auto [ec, size] = co_await asio::async_write(to_, buffer, as_result);
    queued_ -= std::min(queued_, p.size);
    room_.cancel();
    if (ec) {
      if (mode_ != mode::discarding) close_with_reset(from_);
      co_return;
    }
    spare_.push_back(std::move(p));
    delivered_(size);
  }
}

void lane::finish(content how) {
  error_code ignored;
  if (how == content::end)
    to_.shutdown(asio::socket_base::shutdown_send, ignored);
  else
    close_with_reset(to_);
}

}  // namespace mtcp::lab
