#include "mtcp/net/dial/proxy_talk.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <vector>

#include "mtcp/core/wire/host.hpp"
#include "mtcp/net/dial/proxy_error.hpp"
#include "mtcp/proxy/connect_dialogue.hpp"

namespace mtcp {
namespace {

constexpr std::size_t look = 1024;  // bytes at a time

/// Takes `size` bytes, which have been seen, out of the socket.
error_code drop(tcp::socket& socket, std::size_t size) {
  std::array<std::byte, look> taken;
  error_code error;
  while (size > 0 && !error) size -= socket.read_some(asio::buffer(taken.data(), size), error);
  return error;
}

/// Looks at what has come and takes only what belongs to the dialogue.
error_code hear(tcp::socket& socket, proxy::connect_dialogue& with) {
  std::array<std::byte, look> seen;
  error_code error;
  const std::size_t size = socket.receive(asio::buffer(seen), tcp::socket::message_peek, error);
  if (error == asio::error::would_block) return {};
  if (error == asio::error::eof) {
    with.ended();
    return {};
  }
  return error ? error : drop(socket, with.take(std::span(seen).first(size)));
}

}  // namespace

task<error_code> talk_to_proxy(tcp::socket& socket, const proxy_options& by, const core::target& server,
                               proxy_progress& progress) {
  if (!core::is_host(server.host)) co_return asio::error::invalid_argument;
  proxy::connect_dialogue with(by, server);
  while (!with.over()) {
    const std::vector<std::byte> output = with.take_output();
    auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(output), use_result);
    if (unsent) co_return unsent;
    progress.has_asked = with.has_asked();
    auto [waited] = co_await socket.async_wait(tcp::socket::wait_read, use_result);
    if (waited) co_return waited;
    const error_code failed = hear(socket, with);
    if (failed) co_return failed;
  }
  progress.connected = with.connected();
  co_return progress.connected ? error_code() : proxy_refused(*with.rejected(), by.speaks);
}

}  // namespace mtcp
