// The status endpoint: HTTP/1.1 (RFC 9112) and server-sent events over plain TCP, in the event loop of the tunnel that
// it tells about.
//
// Bounded: at most `max_clients` connections are served, of them `max_subscribers` event streams. When there are more,
// the one goes that has been waiting for a request longest, so that who only holds connections keeps nobody out; if all
// are busy the newcomer gets 503. A request and its answer have `deadline`, the first request `first_deadline`,
// requests are under 32 KiB. A subscriber who reads slowly misses snapshots; one who reads nothing for `deadline` is
// dropped. Snapshots are shared, so memory does not grow with subscribers.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "mtcp/net/asio/condition.hpp"
#include "mtcp/net/listener.hpp"
#include "status/site.hpp"

namespace mtcp::status {

struct server_options {
  std::vector<tcp::endpoint> listen{};  ///< may be empty; port 0: the system chooses
  std::size_t max_clients = 64;
  std::size_t max_subscribers = 16;
  std::chrono::milliseconds deadline{10'000};
  std::chrono::milliseconds first_deadline{2'000};
  /// A Unix socket, for its owner alone and not counted among the others; empty: none.
  std::string control{};
};

class status_server {
 public:
  /// Binds and listens. Throws boost::system::system_error, whose what() names the endpoint or path. What fails in a
  /// connection goes to `on_failure`.
  status_server(const executor& where, server_options how, site_options what, site::look see,
                task_group::failure_handler on_failure);

  std::vector<tcp::endpoint> local_endpoints() const;
  /// Samples and serves until stop(), and returns when the last connection has ended.
  task<> run();
  /// Closes every connection.
  void stop();
  /// From now on /readyz is 503.
  void drain() noexcept { site_.drain(); }

 private:
  class presence;
  class idleness;
  using control_protocol = asio::local::stream_protocol;

  void open_control();
  task<> serve_control();
  void make_room();
  task<> watch();
  void attend();
  std::chrono::seconds until_next_sample() const;
  task<> serve(tcp::socket client);
  task<> serve_owner(tcp::socket client);
  task<> answer_requests(tcp::socket& client, bool room, bool trusted);
  task<> feed(tcp::socket& client);
  task<error_code> send(tcp::socket& client, std::string_view head, std::string_view body);
  task<error_code> send(tcp::socket& client, const answer& a, const request& r, bool last);

  server_options how_;
  site site_;
  std::unordered_set<tcp::socket*> clients_;
  std::unordered_set<tcp::socket*> owners_;  // by the control socket
  std::list<tcp::socket*> idle_;             // of the clients those that wait for a request, the longest first
  std::size_t subscribers_ = 0;
  bool stopped_ = false;
  timer tick_;
  std::chrono::steady_clock::time_point due_{};         // the next sample
  std::chrono::steady_clock::time_point last_asked_{};  // by anybody, anything
  mtcp::detail::condition sampled_;
  task_group background_;
  task_group services_;
  std::vector<std::unique_ptr<listener>> listeners_;
  std::optional<asio::basic_socket_acceptor<control_protocol, executor>> control_;
};

}  // namespace mtcp::status
