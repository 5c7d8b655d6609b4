#include "mtcp/net/listener.hpp"

#include <optional>
#include <utility>

#include "mtcp/net/platform/platform.hpp"

namespace mtcp {

listener::listener(const executor& where, const tcp::endpoint& local, std::size_t max_connections, service serve,
                   task_group::failure_handler on_failure)
    : socket_(where, {local}),
      max_connections_(max_connections),
      serve_(std::move(serve)),
      connections_(where, std::move(on_failure)) {}

task<> listener::run() {
  for (;;) {
    co_await connections_.wait(max_connections_ - 1);
    std::optional<tcp::socket> accepted = co_await socket_.accept();
    if (!accepted) break;
    platform::prepare(*accepted);
    connections_.start(serve_(std::move(*accepted)));
  }
  co_await connections_.wait();
}

}  // namespace mtcp
