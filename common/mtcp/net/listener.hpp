// A listening TCP socket that survives what happens to one: clients that vanish before they are accepted, more of them
// than are allowed, and no file descriptor left.
#pragma once

#include <cstddef>
#include <functional>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/condition.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/platform/platform.hpp"

namespace mtcp {

class listener {
 public:
  /// Serves one connection; its coroutine owns the socket, which is non-blocking and has TCP_NODELAY.
  using service = std::function<task<>(tcp::socket)>;

  /// Binds and listens; port 0 lets the system choose. Throws boost::system::system_error, whose what() names the
  /// endpoint. Exceptions that escape from a service go to `on_failure`.
  listener(const executor& where, const tcp::endpoint& local, std::size_t most_connections, service serve,
           task_group::failure_handler on_failure);

  tcp::endpoint local_endpoint() const { return local_; }
  /// Connections that are being served.
  std::size_t connections() const noexcept { return connections_.size(); }

  /// Accepts until stop(), and returns when the last connection has been served. While `most_connections` are, others
  /// wait in the system's queue.
  task<> run();
  /// Accepts no more.
  void stop();

 private:
  void start(tcp::socket socket);
  task<> pause(const error_code& why);

  tcp::acceptor acceptor_;
  tcp::endpoint local_;
  std::size_t most_connections_;
  service serve_;
  task_group connections_;
  platform::reserve_descriptor reserve_;
  timer pause_;
  bool stopped_ = false;
};

}  // namespace mtcp
