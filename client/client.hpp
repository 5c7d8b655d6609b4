// The client program: local listeners in front, a tunnel behind them.
#pragma once

#include <memory>
#include <vector>

#include "local_port.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/listener.hpp"
#include "mtcp/tunnel.hpp"
#include "settings.hpp"
#include "status/status_server.hpp"

namespace mtcp::client {

class client {
 public:
  /// Listens, and says where in the log. Throws boost::system::system_error if that fails.
  client(asio::io_context& io, const settings& s, key secret);

  /// Serves until drain().
  task<> run();
  /// Takes another key and other paths: a new tunnel for connections to come, while those that run keep theirs. Says in
  /// the log what else differs, which only a restart changes.
  void reload(const settings& s, key secret);
  /// Accepts no more, and lets run() return when the last connection has ended; resets what is left after 7 s.
  void drain();

 private:
  /// A tunnel, and how the local port serves while it is the current one.
  struct generation {
    generation(asio::io_context& io, const settings& s, key secret);
    tunnel through;
    local_port port;
  };
  using generation_ref = std::shared_ptr<generation>;

  static task<> serve_local(generation_ref with, tcp::socket application);
  static task<> serve_forward(generation_ref with, core::target to, tcp::socket application);
  static task<> run_tunnel(generation_ref with);
  void listen(const char* what, const core::target& where, listener::service serve);
  void start_tunnel();
  void stop_tunnels(std::chrono::milliseconds patience = {});
  void forget_idle_tunnels();
  task<> watch_tunnel();
  void open_status(const settings& s);
  status::controls controls();

  asio::io_context& io_;
  executor executor_;
  settings settings_;
  key_id key_;
  generation_ref current_;
  std::vector<generation_ref> retired_;  // while connections that began with them go on
  std::vector<std::unique_ptr<listener>> listeners_;
  std::unique_ptr<status::status_server> status_;  // may be null
  task_group background_;
  task_group services_;
  timer grace_;
  timer watch_;
  bool draining_ = false;
};

}  // namespace mtcp::client
