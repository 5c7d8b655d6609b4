#include "dialogue.hpp"

#include <array>
#include <boost/asio/write.hpp>
#include <tuple>
#include <utility>

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
constexpr auto farewell_limit = 2s;
constexpr std::size_t read_size = 4096;  // larger than any message of SOCKS; what follows the last one rides with OPEN

}  // namespace

dialogue::dialogue(tcp::socket application, std::chrono::milliseconds limit) : socket_(std::move(application)) {
  set_limit(limit);
}

std::span<const std::byte> dialogue::bytes() const {
  const auto data = buffer_.data();
  return {static_cast<const std::byte*>(data.data()), data.size()};
}

task<bool> dialogue::more() {
  if (buffer_.max_size() - buffer_.size() < read_size) co_return false;
  const auto room = buffer_.prepare(read_size);
  const auto [error, size] = co_await socket_.async_read_some(room, use_result);
  buffer_.commit(size);
  co_return !error;
}

task<> dialogue::more_within(std::chrono::milliseconds patience) {
  timer limit(socket_.get_executor(), patience);
  const detail::lifeline here;
  limit.async_wait(here.guard([this](error_code cancelled) {
    error_code ignored;
    if (!cancelled) socket_.cancel(ignored);
  }));
  const bool ignored = co_await more();
  static_cast<void>(ignored);
}

task<bool> dialogue::send(std::span<const std::byte> bytes) {
  const auto all = asio::buffer(bytes.data(), bytes.size());
  const auto [error, size] = co_await asio::async_write(socket_, all, use_result);
  co_return !error;
}

task<> dialogue::farewell() {
  set_limit(farewell_limit);
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  std::array<std::byte, 512> rest;
  const auto into = asio::buffer(rest);
  while (!error) std::tie(error, std::ignore) = co_await socket_.async_read_some(into, use_result);
}

task<> dialogue::send_last(std::span<const std::byte> bytes) {
  const bool sent = co_await send(bytes);
  if (sent) co_await farewell();
}

tcp::socket dialogue::release() {
  lift_limit();
  return std::move(socket_);
}

}  // namespace mtcp::client
