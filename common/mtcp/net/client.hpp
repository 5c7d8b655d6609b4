// What is behind mtcp::tunnel: carries out over sockets what the client's policy wants, and gives it its turns.
//
// run() and every dial keep the client alive, so that it lives as long as any of their coroutines, also when the event
// loop is destroyed under them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/net/accept_queue.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/asio/condition.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/dial/address_search.hpp"
#include "mtcp/net/dial/connector.hpp"
#include "mtcp/net/driver.hpp"
#include "mtcp/net/path_list.hpp"
#include "mtcp/net/platform/interface_watch.hpp"
#include "mtcp/net/tls/handshake.hpp"
#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/uplinks.hpp"
#include "mtcp/tunnel.hpp"

namespace mtcp::detail {

class client final : public worker,
                     private openings::listener,
                     private reverse_listeners::listener,
                     public std::enable_shared_from_this<client> {
 public:
  client(const executor& where, tunnel_options options);

  const executor& get_executor() const noexcept { return executor_; }
  static task<> run(std::shared_ptr<client> self);
  static task<error_code> wait_up(std::shared_ptr<client> self, std::size_t bridges);
  void stop(std::chrono::milliseconds patience = {});
  void abort();
  tunnel_snapshot snapshot() const;
  bool close_stream(core::stream_id id) { return policy_.close_stream(id); }
  bool change_path(const std::string& name, core::path_role role, std::uint64_t rate_limit) {
    return policy_.change_path(name, role, rate_limit, now());
  }
  std::uint64_t on_wire(const std::string& name) const { return policy_.on_wire(name, now()); }
  bool set_bridge_enabled(core::bridge_id id, bool on) { return policy_.enable_bridge(id, on); }

  std::uint64_t next_ticket() { return policy_.next_ticket(); }
  void open(std::uint64_t ticket, open_request request, open_completion done);
  void cancel_open(std::uint64_t ticket) { policy_.cancel_open(ticket, now()); }

  /// The next stream of the server's; false if there is none yet, and the caller has to wait with wait_accept().
  bool try_accept(error_code& error, incoming& out) { return requests_.try_take(policy_.stopped(), error, out); }
  void wait_accept(accept_completion done) { requests_.wait(std::move(done)); }
  void cancel_accept() { requests_.cancel(); }
  void stop_listening() { policy_.stop_listening(now()); }

  void work(core::timestamp now) override;
  std::optional<core::timestamp> next_deadline() const override;

 private:
  using dial_id = client_policy::dial_id;

  /// A dial under way, for as long as its coroutine runs.
  struct dialling {
    connector* by;
    std::optional<core::hello> hello{};  ///< set once the policy wants it sent
    bool abandoned = false;              ///< by the policy
  };
  /// By the policy's number. Dials refer to it.
  struct path {
    path(std::string called, const path_options& how) : name(std::move(called)), options(how), book(how) {}
    std::string name;
    path_options options;
    address_book book;
  };

  void on_opened(std::uint64_t ticket, session& through, core::stream_id id, const core::target& to,
                 bool stopped) override;
  void on_not_opened(std::uint64_t ticket, error_code why) override;
  void on_accepted(session& through, core::stream_id id, const reverse_options& by) override;
  void complete(std::uint64_t ticket, error_code error, stream opened);

  void carry_out_actions();
  void carry_out(client_policy::dial wanted);
  void carry_out(client_policy::greet wanted);
  void carry_out(client_policy::abandon wanted);
  task<> dial(client_policy::dial wanted);
  void on_dial_broken(dial_id id, const std::exception_ptr& escaped);
  task<error_code> greet(dial_id id, connector& by, std::vector<core::slice>& first);
  task<> run_bridge(dial_id id, secure_channel channel, std::vector<core::slice> first);
  void report(const std::string& line, event_weight weight = event_weight::routine) const;

  // What the interfaces of this machine mean for paths (client_paths.cpp).
  void start_following();
  task<> follow_interfaces();
  task<error_code> watch_interfaces();
  void look_at_interfaces();
  bool change_paths(core::timestamp now);
  void change_path(const uplinks::change& what, core::timestamp now);
  void dial_through_arrivals();
  void tell_vacancies();

  executor executor_;
  tunnel_options options_;
  tls_context tls_;
  path_list given_;
  std::vector<std::unique_ptr<path>> paths_;
  driver driver_;
  client_policy policy_;
  uplinks uplinks_;
  std::vector<bool> vacant_;  // by pattern: it was told that no interface fits
  bool told_of_many_ = false;
  platform::interface_watch interfaces_;
  std::map<dial_id, dialling> dials_;
  std::unordered_map<std::uint64_t, open_completion> opening_;  // by ticket
  accept_queue requests_;
  task_group bridges_;  // and the dials that they come of
  condition changed_;
};

}  // namespace mtcp::detail
