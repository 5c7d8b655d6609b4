#include "mtcp/net/relay/datagram_socket.hpp"

#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>
#include <chrono>
#include <memory>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/transparent.hpp"

namespace mtcp {
namespace {

constexpr std::size_t largest = 64 * 1024;
constexpr int burst_size = 64;              // datagrams before the event loop gets its turn again
constexpr int kernel_buffer = 1024 * 1024;  // or as much as the system allows
constexpr std::chrono::milliseconds breather{10};

/// The memory in which a datagram is handed on: one for each thread, not for each association.
std::span<std::byte> scratch() {
  thread_local const auto memory = std::make_unique_for_overwrite<std::byte[]>(largest);
  return {memory.get(), largest};
}

asio::const_buffer buffer_of(std::span<const std::byte> bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

error_code datagram_socket::open(const udp::endpoint& local) { return bind(local, false); }

error_code datagram_socket::open_transparent(const udp::endpoint& local) { return bind(local, true); }

error_code datagram_socket::bind(const udp::endpoint& local, bool transparent) {
  error_code error, ignored;
  is_v6_ = local.address().is_v6();
  if (socket_.is_open()) socket_.close(ignored);
  socket_.open(local.protocol(), error);
  if (error) return error;
  if (is_v6_) socket_.set_option(asio::ip::v6_only(!local.address().is_unspecified()), ignored);
  socket_.set_option(asio::socket_base::receive_buffer_size(kernel_buffer), ignored);
  socket_.non_blocking(true, ignored);
  if (transparent) error = platform::allow_foreign_addresses(socket_.native_handle(), is_v6_);
  if (transparent && !error) error = platform::tell_destinations(socket_.native_handle(), is_v6_);
  if (!error) socket_.bind(local, error);
  if (error) socket_.close(ignored);
  return error;
}

udp::endpoint datagram_socket::local_endpoint() const {
  error_code gone;
  return socket_.local_endpoint(gone);
}

error_code datagram_socket::send(std::span<const std::byte> datagram, const udp::endpoint& to) {
  return send({}, datagram, to);
}

error_code datagram_socket::send(std::span<const std::byte> head, std::span<const std::byte> payload,
                                 const udp::endpoint& to) {
  udp::endpoint where = to;
  if (is_v6_ && to.address().is_v4())
    where.address(asio::ip::make_address_v6(asio::ip::v4_mapped, to.address().to_v4()));
  if (where.address().is_v6() != is_v6_) return asio::error::address_family_not_supported;
  const std::array parts{buffer_of(head), buffer_of(payload)};
  error_code error;
  socket_.send_to(parts, where, 0, error);
  return error;
}

// These are false if an error occurred that no peer of this socket has caused.
bool datagram_socket::receive_burst(const receiver& to) {
  const auto space = scratch();
  for (int i = 0; i < burst_size && !closed_; ++i) {
    udp::endpoint from;
    error_code error;
    const std::size_t size = socket_.receive_from(asio::buffer(space.data(), space.size()), from, 0, error);
    if (error == asio::error::would_block) return true;
    if (error) return false;
    from.address(unmapped(from.address()));
    to(space.first(size), from);
  }
  return true;
}

bool datagram_socket::receive_burst(const redirected_receiver& to) {
  const auto space = scratch();
  for (int i = 0; i < burst_size && !closed_; ++i) {
    const auto got = platform::receive_redirected(socket_.native_handle(), space);
    if (!got) return got.error() == asio::error::would_block;
    to(space.first(got->size), got->from, got->to);
  }
  return true;
}

task<> datagram_socket::receive_all(receiver to) {
  burst next = [this, &to] { return receive_burst(to); };
  co_await receive(std::move(next));
}

task<> datagram_socket::receive_redirected(redirected_receiver to) {
  burst next = [this, &to] { return receive_burst(to); };
  co_await receive(std::move(next));
}

task<> datagram_socket::receive(burst next) {
  timer pause(socket_.get_executor());
  while (!closed_) {
    const auto [error] = co_await socket_.async_wait(udp::socket::wait_read, use_result);
    if (closed_ || error == asio::error::operation_aborted) co_return;
    if (!error && next()) continue;
    pause.expires_after(breather);  // an error that stays must not spin
    co_await pause.async_wait(use_result);
  }
}

void datagram_socket::close() {
  error_code ignored;
  closed_ = true;
  socket_.close(ignored);
}

}  // namespace mtcp
