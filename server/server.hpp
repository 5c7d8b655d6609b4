// The server program: workers in as many threads as wanted, of which the first, in the main thread, lets the bridges
// in; and the status endpoint that shows them all.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "mtcp/net/asio/condition.hpp"
#include "settings.hpp"
#include "status/status_server.hpp"
#include "worker_thread.hpp"

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
  server(asio::io_context& io, const settings& s, const acceptor_options& options);
  rules rules_of(const settings& s) const;
  /// Does something in the thread of every worker, soon.
  template <class Action>
  void tell_all(const Action& action);
  acceptor_snapshot snapshot();
  bool close_stream(const std::string& session, core::stream_id id);
  void log_listeners() const;
  std::unique_ptr<status::status_server> open_status();
  task<> watch_tunnels();

  executor executor_;
  settings settings_;
  std::shared_ptr<own_addresses> machine_;
  common_places places_;
  worker front_;
  std::vector<std::unique_ptr<worker_thread>> others_;
  std::size_t others_running_ = 0;
  std::unique_ptr<status::status_server> status_;  // may be null
  task_group background_;
  detail::condition changed_;
  timer watch_;
  bool stopping_ = false;
};

}  // namespace mtcp::server
