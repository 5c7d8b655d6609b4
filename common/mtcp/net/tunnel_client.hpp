// What is behind mtcp::tunnel: one session at a time, the paths to the server, and the dialling that keeps them up.
//
// run() and every dial hold a reference to the client, so that it lives as long as any of their coroutines, also when
// the event loop is destroyed under them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "mtcp/core/hello.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/condition.hpp"
#include "mtcp/net/connector.hpp"
#include "mtcp/net/handshake.hpp"
#include "mtcp/net/lifeline.hpp"
#include "mtcp/net/session.hpp"
#include "mtcp/net/tunnel_openings.hpp"
#include "mtcp/net/tunnel_path.hpp"

namespace mtcp::detail {

/// A session as its client knows it. Bridges hold a reference to it while they run.
struct client_session {
  client_session(const executor& where, const core::limits& limits, session::listener& owner)
      : core(where, core::role::client, limits, owner) {}

  session core;
  core::session_id id{};
  core::join_secret secret{};
  core::instance_id instance{};
  core::bridge_id last_bridge = 0;
  bool server_leaves = false;  ///< it opens no more streams
};

class client final : public session::listener, public std::enable_shared_from_this<client> {
 public:
  client(const executor& where, tunnel_options options);

  const executor& get_executor() const noexcept { return executor_; }
  static task<> run(std::shared_ptr<client> self);
  static task<error_code> wait_up(std::shared_ptr<client> self, std::size_t bridges);
  void stop(std::chrono::milliseconds patience = {});
  void abort();
  tunnel_snapshot snapshot() const;
  bool close_stream(core::stream_id id);
  bool set_bridge_enabled(core::bridge_id id, bool on);

  std::uint64_t next_ticket() { return openings_.next_ticket(); }
  void open(std::uint64_t ticket, open_request request, open_completion done);
  void cancel_open(std::uint64_t ticket);

 private:
  using session_ref = std::shared_ptr<client_session>;
  using clock = std::chrono::steady_clock;

  /// What a dial comes to: a bridge's place in a session.
  struct admitted {
    session_ref session;
    core::bridge_id id = 0;
    core::bridge_options use;
    std::vector<core::slice> first;  ///< what arrived together with the WELCOME
  };

  void on_event(const core::event& what) override;

  // Keeping bridges up.
  void maintain();
  void maintain(std::size_t path);
  void retire_surplus(std::size_t path);
  void replace_suspect(std::size_t path);
  void tune();
  std::size_t healthy_bridges(std::size_t path) const;
  std::size_t up_bridges(std::size_t path) const;
  static task<> dial(std::shared_ptr<client> self, std::size_t path);
  void on_dial_broken(std::size_t path, const std::exception_ptr& escaped);
  void share_rate(std::size_t path);
  task<error_code> bring_up(path_state& path, admitted& place, std::optional<secure_channel>& channel);
  task<error_code> greet(connector& by, admitted& place);
  core::hello make_hello(admitted& place) const;
  error_code accept_welcome(const core::welcome& got, admitted& place);
  void begin_session(const core::welcome& got, admitted& place);
  task<> carry(secure_channel channel, std::size_t path, admitted place);
  void on_dial_failed(path_state& path, const session_ref& tried, error_code why);
  void on_foreign_server(path_state& path, const session_ref& tried);
  void on_bridge_over(path_state& path, const bridge& carrier, error_code why);

  // The session.
  void end_session(error_code why);
  void on_last_bridge_lost();
  void arm_timer();
  void on_timer();
  void report(const std::string& line) const;

  executor executor_;
  tunnel_options options_;
  tls_context tls_;
  std::vector<path_state> paths_;
  std::unordered_set<connector*> dials_;
  std::size_t coroutines_ = 0;  // dials and bridges
  session_ref session_;         // null while there is none
  bool creating_ = false;       // a dial is about to create one; the others wait for it
  bool running_ = false;        // between run() and stop()
  bool stopped_ = false;
  std::size_t tuned_path_ = 0;
  clock::time_point next_sample_{};  // of the traffic, for the tuner
  std::uint64_t carried_ = 0;        // stream bytes at the last one
  openings openings_;
  std::optional<clock::time_point> session_expires_;
  condition changed_;
  timer timer_;
  lifeline lifeline_;
};

}  // namespace mtcp::detail
