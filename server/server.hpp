// The server program: an acceptor in front, and the destinations that its clients ask for.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "mtcp/net/acceptor.hpp"
#include "mtcp/net/dialer.hpp"
#include "mtcp/net/resolver.hpp"
#include "mtcp/net/task_group.hpp"
#include "settings.hpp"
#include "status/status_server.hpp"

namespace mtcp::server {

class server {
 public:
  /// Listens, and says where in the log. Throws boost::system::system_error if that fails.
  server(asio::io_context& io, const settings& s, key_ring keys);

  /// Serves until drain().
  task<> run();
  /// Takes other keys, which ends the tunnels of those that are gone, and other rules for destinations to come. Says in
  /// the log what else differs, which only a restart changes.
  void reload(const settings& s, key_ring keys);
  /// Accepts no more, and lets run() return when the last stream has ended; resets what is left after 7 s.
  void drain();

 private:
  rules rules_of(const settings& s) const;
  task<> accept_streams();
  task<> serve(incoming request);
  task<> serve_udp(incoming request);
  task<> watch_tunnels();

  executor executor_;
  settings settings_;
  acceptor acceptor_;
  rules rules_;
  resolver resolver_;
  dialer dialer_;
  std::unique_ptr<status::status_server> status_;  // may be null
  task_group background_;
  task_group streams_;
  std::multiset<std::string> associations_;  // their users
  timer drained_;
  timer grace_;
  timer watch_;
  bool stopping_ = false;
};

}  // namespace mtcp::server
