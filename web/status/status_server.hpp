// The status endpoint: HTTP/1.1 (RFC 9112) and server-sent events over plain TCP, in the event loop of the tunnel that
// it tells about.
//
// Bounded: at most `max_clients` connections are served, of them `max_subscribers` event streams; others get 503. A
// request and its answer have `deadline`, requests are under 8 KiB. A subscriber who reads slowly misses snapshots; one
// who reads nothing for `deadline` is dropped. Snapshots are shared, so memory does not grow with subscribers.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>

#include "mtcp/net/asio/condition.hpp"
#include "mtcp/net/listener.hpp"
#include "status/site.hpp"

namespace mtcp::status {

struct server_options {
  tcp::endpoint listen{};  ///< port 0: the system chooses
  std::size_t max_clients = 64;
  std::size_t max_subscribers = 16;
  std::chrono::milliseconds deadline{10'000};
};

class status_server {
 public:
  /// Binds and listens. Throws boost::system::system_error, whose what() names the endpoint. What fails in a connection
  /// goes to `on_failure`.
  status_server(const executor& where, server_options how, site_options what, site::look see,
                task_group::failure_handler on_failure);

  tcp::endpoint local_endpoint() const { return listener_.local_endpoint(); }
  /// Samples and serves until stop(), and returns when the last connection has ended.
  task<> run();
  /// Closes every connection.
  void stop();
  /// From now on /readyz is 503.
  void drain() noexcept { site_.drain(); }

 private:
  class presence;

  task<> watch();
  task<> serve(tcp::socket client);
  task<> answer_requests(tcp::socket& client, bool room);
  task<> feed(tcp::socket& client);
  task<error_code> send(tcp::socket& client, std::string_view head, std::string_view body);
  task<error_code> send(tcp::socket& client, const answer& a, const request& r, bool last);

  server_options how_;
  site site_;
  std::unordered_set<tcp::socket*> clients_;
  std::size_t subscribers_ = 0;
  bool stopped_ = false;
  timer tick_;
  mtcp::detail::condition sampled_;
  task_group background_;
  listener listener_;
};

}  // namespace mtcp::status
