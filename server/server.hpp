// The server program: workers in as many threads as wanted, of which the first, in the main thread, lets the bridges
// in; and the status endpoint that shows them all.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fallback_site.hpp"
#include "memory_budget.hpp"
#include "mtcp/net/asio/condition.hpp"
#include "program/event_command.hpp"
#include "program/failed_logins.hpp"
#include "program/state_dir.hpp"
#include "program/traffic_book.hpp"
#include "settings.hpp"
#include "status/status_server.hpp"
#include "worker_thread.hpp"

namespace mtcp::server {

class server {
 public:
  /// Listens, and says where in the log. `on_event` is told what happens; it may be null, and must outlive the server.
  /// Throws boost::system::system_error if that fails.
  server(asio::io_context& io, const settings& s, granted_keys keys, program::command_process* on_event = nullptr);

  /// Serves until drain().
  task<> run();
  /// Takes other keys, which ends the tunnels of those that are gone, and other rules for destinations to come. Says in
  /// the log what else differs, which only a restart changes.
  void reload(const settings& s, granted_keys keys);
  /// What the control socket has to offer: reads the settings again, which calls reload(); see status::site_options.
  void offer_reload(std::function<std::string()> read) { read_again_ = std::move(read); }
  /// Accepts no more, and lets run() return when the last stream has ended; resets what is left after 7 s.
  void drain();

 private:
  server(asio::io_context& io, const settings& s, granted_keys keys, const memory_budget& memory,
         program::command_process* on_event);
  server(asio::io_context& io, const settings& s, granted_keys keys, const memory_budget& memory,
         const acceptor_options& options, program::command_process* on_event);
  void take_keys();
  void forget_expired_keys();
  void warn_of_forgotten_months() const;
  void end_streams_of(const key_id& id);
  void look_at_months();
  void count_users();
  void describe_keys(acceptor_snapshot& all) const;
  rules rules_here() const;
  /// Does something in the thread of every worker, soon.
  template <class Action>
  void tell_all(const Action& action);
  acceptor_snapshot snapshot();
  bool close_stream(const std::string& session, core::stream_id id);
  void log_listeners() const;
  void tell_of(const ip_address& from, stranger why);
  struct client_of_tunnel {
    std::string user, from;
  };
  void tell_of(const std::string& session, const client_of_tunnel& who, bool comes);
  std::unique_ptr<status::status_server> open_status(const core::limits& limits);
  task<> watch_tunnels();

  executor executor_;
  settings settings_;
  granted_keys keys_;                                    // all that the file has
  std::optional<std::chrono::sys_seconds> next_expiry_;  // of one of them
  std::shared_ptr<own_addresses> machine_;
  program::event_command events_;
  std::shared_ptr<const program::state_dir> directory_;  // may be null
  program::traffic_book book_;                           // of users: where they go is for the audit log
  std::map<key_id, program::amount> counted_;            // in the book
  common_places places_;
  std::shared_ptr<fallback_site> fallback_;  // may be null
  worker front_;
  std::vector<std::unique_ptr<worker_thread>> others_;
  std::size_t others_running_ = 0;
  std::shared_ptr<program::failed_logins> failed_logins_ = std::make_shared<program::failed_logins>();
  std::function<std::string()> read_again_;
  program::failed_logins silences_{"silent connection"};
  program::failed_logins wrong_clocks_{"refused client"};
  std::unique_ptr<status::status_server> status_;  // may be null
  task_group background_;
  detail::condition changed_;
  timer watch_;
  bool stopping_ = false;
};

}  // namespace mtcp::server
