#include "mtcp/net/bridge_link.hpp"

#include <chrono>
#include <utility>

#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/read_pace.hpp"

namespace mtcp {

std::string to_string(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const std::string text = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
  return text + ':' + std::to_string(endpoint.port());
}

namespace detail {
namespace {

std::string text_of(const tcp::endpoint& endpoint, const error_code& error) {
  return error ? std::string() : to_string(endpoint);
}

}  // namespace

bridge_link::bridge_link(secure_channel channel)
    : channel_(std::move(channel)), pause_(channel_.socket().get_executor()) {
  error_code error;
  const auto here = channel_.socket().local_endpoint(error);
  local_ = text_of(here, error);
  const auto there = channel_.socket().remote_endpoint(error);
  header_size_ = (there.address().is_v6() ? 40 : 20) + 20 + 12;  // with TCP's timestamps
  remote_ = text_of(there, error);
}

task<> bridge_link::run(session& into, core::bridge_id id, std::vector<core::slice> first) {
  session_ = &into;
  id_ = id;
  read_pace pace(platform::shortest_round_trip(channel_.socket()).value_or(core::duration(0)));
  std::vector<core::slice> received = std::move(first);
  into.receive(id, received, now());
  while (!closed_) {
    received.clear();
    const auto size = channel_.receive(received);
    if (!size) co_return fail(size.error());
    const core::timestamp at = now();
    if (!received.empty()) into.receive(id, received, at);
    if (closed_) co_return;
    const auto next = pace.next(*size, secure_channel::receive_capacity, at);
    wake_for_each_packet(!next);
    if (next) {
      pause_.expires_at(timer::time_point(*next));
      co_await pause_.async_wait(use_result);
    } else if (const error_code error = co_await channel_.wait_readable()) {
      fail(error);
    }
  }
}

// The socket stays registered with the event loop while it is read at a pace, which would still turn for every packet.
void bridge_link::wake_for_each_packet(bool on) {
  if (std::exchange(wakes_for_each_packet_, on) == on) return;
  // Linux lowers the receive window to a mark that is above half the buffer, which begins with 128 KiB.
  constexpr int rarely = 64 * 1024;
  error_code ignored;  // then it wakes more often
  channel_.socket().set_option(asio::socket_base::receive_low_watermark(on ? 1 : rarely), ignored);
}

// The bridge keeps the reason, unless it knows one already, and closes this.
void bridge_link::fail(error_code why) {
  bridge* above = session_ == nullptr ? nullptr : session_->find_bridge(id_);
  if (above != nullptr) above->close(why);
  close();
}

std::size_t bridge_link::unsent_bytes() { return platform::unsent_bytes(channel_.socket()).value_or(0); }
void bridge_link::set_unsent_limit(std::size_t bytes) { platform::set_unsent_limit(channel_.socket(), bytes); }

// Not secure_channel::wait_writable(): this runs for every burst, and a plain handler costs a fraction of a coroutine.
void bridge_link::await_room() {
  channel_.socket().async_wait(tcp::socket::wait_write, lifeline_.guard([this](error_code error) { on_room(error); }));
}

void bridge_link::on_room(error_code error) {
  if (closed_) return;
  if (!error) error = channel_.flush();
  if (error) return fail(error);
  if (channel_.pending()) return await_room();
  if (session_ != nullptr) session_->on_room(id_);
}

// Pauses of BBR are put off here as well: one is due 10 s after TCP last saw its shortest round trip.
std::optional<core::tcp_info> bridge_link::tcp_info(core::timestamp now) {
  if (now >= next_postponement_) {
    platform::postpone_pause(channel_.socket());
    next_postponement_ = now + std::chrono::seconds(4);
  }
  return platform::tcp_info(channel_.socket());
}

void bridge_link::close() {
  if (std::exchange(closed_, true)) return;
  channel_.close();
  pause_.cancel();
}

}  // namespace detail
}  // namespace mtcp
