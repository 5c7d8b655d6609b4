#include "support/scripted.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "support/lane.hpp"

namespace mtcp::lab {

scripted::scripted(std::string response, after then, std::size_t body)
    : response_(std::move(response)),
      then_(then),
      body_(body),
      listener_(std::make_unique<tcp_listener>(listen_on(background_.get_executor(), "127.0.0.1", 0))) {
  port_ = listener_->local_endpoint().port();
  background_.spawn(accept());
}

scripted::~scripted() { background_.stop(); }

task<> scripted::accept() {
  for (;;) {
    auto [ec, socket] = co_await listener_->async_accept(as_result);
    if (ec) co_return;
    background_.spawn(serve(std::move(socket)));
  }
}

task<> scripted::serve(tcp_socket socket) {
  std::string request;
  std::string block(4096, '\0');
  for (std::size_t end = std::string::npos; end == std::string::npos || request.size() < end + 4 + body_;) {
    const auto [ec, size] = co_await socket.async_read_some(asio::buffer(block), as_result);
    if (ec) co_return;
    request.append(block, 0, size);
    end = request.find("\r\n\r\n");
  }
  requests_.update([&](auto& all) { all.push_back(request); });
  co_await asio::async_write(socket, asio::buffer(response_), as_result);
  if (then_ == after::reset) co_return close_with_reset(socket);
  error_code ignored;
  if (then_ == after::end) socket.shutdown(asio::socket_base::shutdown_send, ignored);
  while (!ignored) {
    const auto [ec, size] = co_await socket.async_read_some(asio::buffer(block), as_result);
    ignored = ec;
  }
}

}  // namespace mtcp::lab
