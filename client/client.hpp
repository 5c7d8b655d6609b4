// The client program: local listeners in front, tunnels behind them.
#pragma once

#include <memory>
#include <vector>

#include "gateway.hpp"
#include "line/background_test.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/listener.hpp"
#include "reverse_session.hpp"
#include "router.hpp"
#include "settings.hpp"
#include "status/status_server.hpp"
#include "tunnels.hpp"

namespace mtcp::client {

class client {
 public:
  /// Listens, and says where in the log. Throws boost::system::system_error if that fails.
  /// `on_event` is told what happens; it may be null, and must outlive the client.
  client(asio::io_context& io, const settings& s, std::vector<key> secrets,
         program::command_process* on_event = nullptr);

  /// Serves until drain().
  task<> run();
  /// Takes other keys and other paths: new tunnels for connections to come, while those that run keep theirs. Says in
  /// the log what else differs, which only a restart changes.
  void reload(const settings& s, std::vector<key> secrets);
  /// What the control socket has to offer: reads the settings again, which calls reload(); see status::site_options.
  void offer_reload(std::function<std::string()> read) { read_again_ = std::move(read); }
  /// Accepts no more, and lets run() return when the last connection has ended; resets what is left after 7 s.
  void drain();

 private:
  static task<> serve_local(tunnels::generation_ref with, tcp::socket application);
  static task<> serve_reverse(tunnels::generation_ref with, reverse_dialer& by, incoming request);
  static task<> serve_forward(tunnels::generation_ref with, core::target to, tcp::socket application);
  task<> keep_book();
  void listen(const char* what, const core::target& where, listener::service serve);
  std::shared_ptr<const local_port> redirected_port() const;
  void listen_transparently(const core::target& where);
  task<> stay_until_drained();
  void stop_connections(std::chrono::milliseconds patience = {});
  void open_status(const settings& s);
  status::controls controls();
  bool start_test();
  void offer_proxy(status::site_options& what, std::uint16_t port);
  std::uint64_t carried() const;

  tunnel& used() const { return tunnels_.used()->through; }

  executor executor_;
  settings settings_;
  std::shared_ptr<program::failed_logins> failed_logins_ = std::make_shared<program::failed_logins>();
  std::shared_ptr<const program::state_dir> kept_;  // null: nothing outlives the program
  std::shared_ptr<program::traffic_book> book_;
  std::shared_ptr<router> ways_;
  reverse_dialer reverse_;
  program::event_command events_;
  tunnels tunnels_;
  std::vector<std::unique_ptr<listener>> listeners_;
  gateway gateway_;
  std::function<std::string()> read_again_;
  std::unique_ptr<status::status_server> status_;  // may be null
  line::background_test test_;
  task_group background_;
  task_group services_;
  timer drained_;
  timer grace_;
  timer next_count_;
  bool draining_ = false;
  bool over_ = false;
};

}  // namespace mtcp::client
