#include "support/scripted.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "support/lane.hpp"

namespace mtcp::lab {

scripted::scripted(std::string response, after then, std::size_t body)
    : scripted(std::vector<std::string>{std::move(response)}, then, body) {}

scripted::scripted(std::vector<std::string> responses, after then, std::size_t body)
    : responses_(std::move(responses)),
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
  connections_.update([](int& n) { ++n; });
  std::string came;
  std::string block(4096, '\0');
  for (const std::string& response : responses_) {
    std::size_t end = came.find("\r\n\r\n");
    for (; end == std::string::npos || came.size() < end + 4 + body_; end = came.find("\r\n\r\n")) {
      const auto [ec, size] = co_await socket.async_read_some(asio::buffer(block), as_result);
      if (ec) co_return;
      came.append(block, 0, size);
    }
    const std::size_t size = end + 4 + body_;
    requests_.update([&](auto& all) { all.push_back(came.substr(0, size)); });
    came.erase(0, size);
    co_await asio::async_write(socket, asio::buffer(response), as_result);
  }
  co_await finish(socket, std::move(came));
}

task<> scripted::finish(tcp_socket& socket, std::string rest) {
  if (then_ == after::reset) co_return close_with_reset(socket);
  error_code ignored;
  if (then_ == after::end) socket.shutdown(asio::socket_base::shutdown_send, ignored);
  while (!ignored) {
    if (then_ == after::echo) co_await asio::async_write(socket, asio::buffer(rest), as_result);
    rest.resize(4096);
    const auto [ec, size] = co_await socket.async_read_some(asio::buffer(rest), as_result);
    rest.resize(size);
    ignored = ec;
  }
}

}  // namespace mtcp::lab
