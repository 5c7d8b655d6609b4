#include "support/peer.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <limits>
#include <utility>

#include "support/lane.hpp"

namespace mtcp::lab {
namespace {

constexpr std::size_t block_size = 64 * 1024;

}  // namespace

peer::peer(habit h, std::uint64_t amount, const std::string& address)
    : habit_(h),
      amount_(amount),
      listener_(std::make_unique<tcp_listener>(listen_on(background_.get_executor(), address, 0))) {
  port_ = listener_->local_endpoint().port();
  background_.spawn(accept());
}

peer::~peer() { background_.stop(); }

task<> peer::accept() {
  for (std::size_t number = 0;; ++number) {
    auto [ec, socket] = co_await listener_->async_accept(as_result);
    if (ec) co_return;
    visits_.update([](auto& all) { all.emplace_back(); });
    background_.spawn(serve(std::move(socket), number));
  }
}

task<> peer::serve(tcp_socket socket, std::size_t number) {
  if (habit_ == habit::stuck) co_await send_content(socket, std::numeric_limits<std::uint64_t>::max());
  if (habit_ == habit::farewell) co_await send_content(socket, amount_);
  error_code ignored;
  if (habit_ == habit::farewell) socket.shutdown(asio::socket_base::shutdown_send, ignored);
  const bool clean = co_await read_all(socket, number, habit_ == habit::echo);
  if (!clean || habit_ == habit::reset_after) co_return close_with_reset(socket);
  if (habit_ == habit::digest) {
    const std::string hash = visits_.get()[number].sha256;
    co_await asio::async_write(socket, asio::buffer(hash), as_result);
  }
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

/// True when the end was an end of file, or the amount after which this peer resets was read.
task<bool> peer::read_all(tcp_socket& socket, std::size_t number, bool echo) {
  std::vector<std::byte> block(block_size);
  sha256 hash;
  for (std::uint64_t total = 0;;) {
    const auto [ec, size] = co_await socket.async_read_some(asio::buffer(block), as_result);
    total += size;
    hash.update(std::span(block).first(size));
    visits_.update([&](auto& all) { all[number].received = total; });
    if (habit_ == habit::reset_after && total >= amount_) co_return true;
    if (ec) {
      end(number, ec != asio::error::eof, hash.hex());
      co_return ec == asio::error::eof;
    }
    if (echo) co_await asio::async_write(socket, asio::buffer(block.data(), size), as_result);
  }
}

task<> peer::send_content(tcp_socket& socket, std::uint64_t size) {
  std::vector<std::byte> block(block_size);
  for (std::uint64_t sent = 0; sent < size;) {
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), size - sent));
    fill_content(part, sent);
    const auto [ec, written] = co_await asio::async_write(socket, asio::buffer(part.data(), part.size()), as_result);
    if (ec) co_return;
    sent += written;
  }
}

void peer::end(std::size_t number, bool reset, std::string hash) {
  visits_.update([&](auto& all) {
    all[number].over = true;
    all[number].reset = reset;
    all[number].sha256 = std::move(hash);
  });
}

}  // namespace mtcp::lab
