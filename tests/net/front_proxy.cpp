#include "net/front_proxy.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

namespace mtcp::test {
namespace {

struct joined {
  tcp::socket client, server;
};
using joined_ref = std::shared_ptr<joined>;

task<> copy(joined_ref both, bool up) {
  tcp::socket& from = up ? both->client : both->server;
  tcp::socket& to = up ? both->server : both->client;
  std::array<std::byte, 16 * 1024> bytes;
  for (;;) {
    auto [ended, size] = co_await from.async_read_some(asio::buffer(bytes), use_result);
    error_code ignored;
    if (ended) {
      to.shutdown(tcp::socket::shutdown_send, ignored);
      co_return;
    }
    auto [broken, sent] = co_await asio::async_write(to, asio::buffer(bytes.data(), size), use_result);
    if (broken) co_return;
  }
}

}  // namespace

front_proxy::front_proxy(asio::io_context& io, std::vector<step> steps, then last, tcp::endpoint server,
                         const std::string& address)
    : steps_(std::move(steps)),
      last_(last),
      server_(std::move(server)),
      listener_(io, tcp::endpoint(asio::ip::make_address(address), 0)) {
  spawn(listener_.get_executor(), accept());
}

task<> front_proxy::accept() {
  for (;;) {
    auto [error, client] = co_await listener_.async_accept(use_result);
    if (error) co_return;
    ++connections_;
    error_code ignored;
    caller_ = client.remote_endpoint(ignored);
    spawn(listener_.get_executor(), serve(std::move(client)));
  }
}

task<> front_proxy::serve(tcp::socket client) {
  const bool played = co_await play(client);
  if (!played) co_return;
  if (last_ == then::relay) {
    co_await join(std::move(client));
  } else if (last_ == then::reset) {
    error_code ignored;
    client.set_option(tcp::socket::linger(true, 0), ignored);
    client.close(ignored);  // the destructor would not reset
  } else if (last_ == then::wait) {
    co_await hear(client, hear_head);
  }
}

task<bool> front_proxy::play(tcp::socket& client) {
  for (const step& next : steps_) {
    const bool complete = co_await hear(client, next.hear);
    if (!complete) co_return false;
    auto [broken, sent] = co_await asio::async_write(client, asio::buffer(next.say), use_result);
    if (broken) co_return false;
  }
  co_return true;
}

task<bool> front_proxy::hear(tcp::socket& client, std::size_t size) {
  std::string mine;
  const auto complete = [&] { return size == hear_head ? mine.ends_with("\r\n\r\n") : mine.size() >= size; };
  while (!complete()) {
    char byte = 0;
    auto [ended, got] = co_await client.async_read_some(asio::buffer(&byte, 1), use_result);
    if (ended) co_return false;
    mine += byte;
    heard_ += byte;
  }
  co_return true;
}

task<> front_proxy::join(tcp::socket client) {
  const executor where = client.get_executor();
  const auto both = std::make_shared<joined>(joined{std::move(client), tcp::socket(where)});
  auto [unreached] = co_await both->server.async_connect(server_, use_result);
  if (unreached) co_return;
  spawn(where, copy(both, true));
  spawn(where, copy(both, false));
}

}  // namespace mtcp::test
