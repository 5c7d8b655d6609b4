// The client program: local listeners in front, a tunnel behind them.
#pragma once

#include <memory>
#include <vector>

#include "local_port.hpp"
#include "mtcp/net/listener.hpp"
#include "mtcp/net/task_group.hpp"
#include "mtcp/net/tunnel.hpp"
#include "settings.hpp"
#include "status/status_server.hpp"

namespace mtcp::client {

class client {
 public:
  /// Listens, and says where in the log. Throws boost::system::system_error if that fails.
  client(asio::io_context& io, const settings& s, key secret);

  /// Serves until drain().
  task<> run();
  /// Takes other users, another key and other paths: a new tunnel for connections to come, while those that run keep
  /// theirs. Says in the log what else differs, which only a restart changes.
  void reload(const settings& s, key secret);
  /// Accepts no more, and lets run() return when the last connection has ended; resets what is left after 7 s.
  void drain();

 private:
  void listen(const char* what, const core::target& where, listener::service serve);
  void start_tunnel();
  void stop_tunnels();
  void forget_idle_tunnels();
  task<> watch_tunnel();
  void open_status(const settings& s);

  asio::io_context& io_;
  executor executor_;
  settings settings_;
  key_id key_;
  std::shared_ptr<tunnel> tunnel_;
  std::shared_ptr<const local_port> port_;        // leads to the tunnel of today
  std::vector<std::shared_ptr<tunnel>> retired_;  // while connections that began on them go on
  std::vector<std::unique_ptr<listener>> listeners_;
  std::unique_ptr<status::status_server> status_;  // may be null
  task_group background_;
  task_group services_;
  timer grace_;
  timer watch_;
  bool draining_ = false;
};

}  // namespace mtcp::client
