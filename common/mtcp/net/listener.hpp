// Accepts connections and serves each in a coroutine of its own, so many at a time.
#pragma once

#include <cstddef>
#include <functional>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/listening_socket.hpp"

namespace mtcp {

class listener {
 public:
  /// Serves one connection; its coroutine owns the socket, which is prepared (platform::prepare).
  using service = std::function<task<>(tcp::socket)>;

  /// Binds and listens, as a listening_socket does. Exceptions that escape from a service go to `on_failure`.
  listener(const executor& where, const tcp::endpoint& local, std::size_t max_connections, service serve,
           task_group::failure_handler on_failure);

  tcp::endpoint local_endpoint() const { return socket_.local_endpoint(); }
  /// Connections that are being served.
  std::size_t connections() const noexcept { return connections_.size(); }

  /// From now on it also gets connections to other addresses (platform::allow_foreign_addresses).
  error_code allow_foreign_addresses() { return socket_.allow_foreign_addresses(); }

  /// Accepts until stop(), and returns when the last connection has been served. While `max_connections` are, others
  /// wait in the system's queue.
  task<> run();
  /// Accepts no more.
  void stop() { socket_.close(); }

 private:
  listening_socket socket_;
  std::size_t max_connections_;
  service serve_;
  task_group connections_;
};

}  // namespace mtcp
