// The client program: local listeners in front, a tunnel behind them.
#pragma once

#include <memory>
#include <vector>

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
  /// Accepts no more, and lets run() return when the last connection has ended; resets what is left after 7 s.
  void drain();

 private:
  void listen(const char* what, const core::target& where, listener::service serve);
  task<> watch_tunnel();
  void open_status(const settings& s);
  status::controls controls();

  executor executor_;
  tunnel tunnel_;
  std::vector<std::unique_ptr<listener>> listeners_;
  std::unique_ptr<status::status_server> status_;  // may be null
  task_group background_;
  task_group services_;
  timer grace_;
  timer watch_;
  bool draining_ = false;
};

}  // namespace mtcp::client
