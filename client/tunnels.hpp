// The tunnels of the client: one to each server that the user has named, of which new connections take the first that
// works, and those that older connections still use.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event_watch.hpp"
#include "health.hpp"
#include "local_port.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/tunnel.hpp"
#include "program/event_command.hpp"
#include "quota_keeper.hpp"
#include "router.hpp"
#include "settings.hpp"
#include "tunnel_choice.hpp"

namespace mtcp::client {

class tunnels {
 public:
  /// A tunnel, and how the local port serves while new connections take it. A connection holds the one that it began
  /// with.
  struct generation final : metered_tunnel {
    generation(asio::io_context& io, const settings& all, const tunnel_settings& mine, key secret,
               std::shared_ptr<program::failed_logins> failures, std::shared_ptr<router> ways,
               std::shared_ptr<program::traffic_book> book);
    /// As tunnel::change_path(); a test of the line knows it, too.
    bool change_path(const std::string& path, core::path_role role, std::uint64_t rate_limit);
    std::uint64_t on_wire(const std::string& path) const override { return through.on_wire(path); }
    void use_as(const std::string& path, core::path_role role) override;
    std::string name;  ///< where it leads
    key_id key;
    tunnel_options options;
    tunnel through;
    local_port port;
    local_port redirected;                             ///< for what comes by --transparent
    std::map<std::string, program::amount> counted{};  ///< of what its paths have carried
  };
  using generation_ref = std::shared_ptr<generation>;
  /// Takes a connection that the server of that tunnel has accepted for this client (--reverse).
  using reverse_service = std::function<void(generation_ref, incoming)>;

  /// `secrets` are those of all tunnels of `s`, in its order. `kept` is the program's directory, or null.
  tunnels(asio::io_context& io, const settings& s, std::vector<key> secrets,
          std::shared_ptr<program::failed_logins> failures, std::shared_ptr<router> ways,
          std::shared_ptr<program::traffic_book> book, std::shared_ptr<const program::state_dir> kept,
          reverse_service serve_reverse, program::event_command& events);

  /// What new connections take. There is always one, be it up or not.
  const generation_ref& used() const { return current_[choice_->used()]; }

  /// All that new connections may take, in the user's order.
  const std::vector<generation_ref>& all() const noexcept { return current_; }

  /// Until stop().
  task<> run();
  /// Other tunnels for connections to come, if these differ; else only how the local port serves. If it throws nothing
  /// has changed.
  void reload(const settings& s, std::vector<key> secrets);
  /// As tunnel::stop().
  void stop(std::chrono::milliseconds patience = {});
  /// The servers are to listen no more.
  void stop_listening();
  /// Closes connections that only wait for a further request.
  void close_idle();

  /// Writes down what paths have carried since the last time.
  void count_paths();

  /// The one in use; and of several, how all are doing.
  void describe(acceptor_snapshot& out) const;

 private:
  task<> run_one(generation_ref with);
  task<> accept_from(const generation_ref& with);
  std::vector<generation_ref> make(const settings& s, std::vector<key> secrets) const;
  bool same(const settings& s, const std::vector<key>& secrets) const;
  void begin(std::vector<generation_ref> fresh);
  void forget_idle();
  /// When to look again; empty once they have stopped.
  std::optional<std::chrono::milliseconds> look(std::chrono::steady_clock::time_point now);
  void tell_events(std::size_t which, tunnel_snapshot is);
  task<> watch();
  void look_at_quotas();
  task<> watch_quotas();

  asio::io_context& io_;
  settings settings_;
  std::shared_ptr<program::failed_logins> failed_logins_;
  std::shared_ptr<router> ways_;
  std::shared_ptr<program::traffic_book> book_;
  reverse_service serve_reverse_;
  std::vector<generation_ref> current_;  // in the user's order
  std::vector<health> seen_;             // of these
  std::vector<event_watch> watched_;     // the same, for the command of --on-event
  std::optional<tunnel_choice> choice_;  // among these
  std::vector<generation_ref> retired_;  // while connections that began with them go on
  quota_keeper quotas_;
  program::event_command& events_;
  bool running_ = false;
  bool stopping_ = false;
  task_group background_;
  timer next_look_, next_count_;
};

}  // namespace mtcp::client
