#include "mtcp/net/bridge_link.hpp"

#include <chrono>
#include <utility>

#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/platform/platform.hpp"

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

bridge_link::bridge_link(secure_channel channel) : channel_(std::move(channel)) {
  error_code error;
  const auto here = channel_.socket().local_endpoint(error);
  local_ = text_of(here, error);
  const auto there = channel_.socket().remote_endpoint(error);
  remote_ = text_of(there, error);
}

task<> bridge_link::run(session& into, core::bridge_id id, std::vector<core::slice> first) {
  session_ = &into;
  id_ = id;
  std::vector<core::slice> received = std::move(first);
  while (!closed_) {
    into.receive(id, received, now());
    received.clear();
    const error_code error = co_await channel_.read(received);
    if (error) fail(error);
  }
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
}

}  // namespace detail
}  // namespace mtcp
