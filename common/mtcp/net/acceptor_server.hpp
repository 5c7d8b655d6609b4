// What is behind mtcp::acceptor: listeners, pending connections that have not said a valid HELLO yet, and sessions.
//
// run() and every connection keep the server alive, so that it lives as long as any of their coroutines, also when the
// event loop is destroyed under them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mtcp/acceptor.hpp"
#include "mtcp/acceptor_group.hpp"
#include "mtcp/async.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/net/accept_queue.hpp"
#include "mtcp/net/admission/pending_connections.hpp"
#include "mtcp/net/asio/condition.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/driver.hpp"
#include "mtcp/net/listening_socket.hpp"
#include "mtcp/net/session_directory.hpp"
#include "mtcp/net/tls/secure_channel.hpp"
#include "mtcp/session/server_sessions.hpp"

namespace mtcp::detail {

/// A bridge that has said a valid HELLO, and what arrived behind that.
struct arrival {
  secure_channel channel;
  core::hello said;
  std::vector<core::slice> rest;
  asio::ip::address from{};  ///< as a trusted proxy says, if there is one
};

class server final : private server_sessions::host,
                     private pending_connections::observer,
                     public std::enable_shared_from_this<server> {
 public:
  server(const executor& where, acceptor_options options);

  /// Lets the group know of this member. Once, before anything else.
  void enter_group() { place_ = directory().enter(executor_, weak_from_this()); }
  /// Takes a bridge that another member of the group has accepted.
  void adopt(arrival bridge);

  const executor& get_executor() const noexcept { return executor_; }
  std::vector<tcp::endpoint> local_endpoints() const;
  static task<> run(std::shared_ptr<server> self);
  void drain();
  void stop(std::chrono::milliseconds patience = {});
  void abort();
  void set_keys(key_ring keys, key_quotas quotas);
  /// Too much memory is held, and this session is the one to give some back.
  void shed(const memory_shares::victim& what);
  void set_trusted_proxies(std::vector<network> proxies) { options_.trusted_proxies = std::move(proxies); }
  void on_stranger(std::function<void(const asio::ip::address&, stranger)> told) { stranger_ = std::move(told); }
  acceptor_snapshot snapshot() const;
  bool close_stream(std::string_view session, core::stream_id id);
  void close_streams(const key_id& owner, core::reset_code why);

  /// The next stream; false if there is none yet, and the caller has to wait with wait_accept().
  bool try_accept(error_code& error, incoming& out);
  void wait_accept(accept_completion done) { requests_.wait(std::move(done)); }
  void cancel_accept() { requests_.cancel(); }

 private:
  using session_ref = server_sessions::session_ref;
  enum class stage : std::uint8_t {
    serving,
    draining,  ///< takes no new sessions, and bridges of those that there are
    stopped    ///< takes nothing
  };

  session_directory& directory() const { return *group_->directory_; }
  void listen_on(const tcp::endpoint& where);
  void close_listeners();
  // What goes wrong with one connection, as when there is no memory for it, ends that one only.
  void start(task<> connection) { connections_.start(std::move(connection), shared_from_this()); }
  task<> accept_from(listening_socket& listener);
  void take_connection(tcp::socket socket);
  bool is_trusted_proxy(const asio::ip::address& from) const;
  void on_proxy(pending_connections::id who, tcp::socket socket) override;
  task<> read_source(pending_connections::id who, tcp::socket socket);
  void learn(const asio::ip::address& reached);
  void on_speaker(pending_connections::id who, tcp::socket socket, const asio::ip::address& from) override;
  void on_failure(const asio::ip::address& from, stranger why) override;
  void on_dismissed(tcp::socket socket, const asio::ip::address& from) override;
  void pass_on(tcp::socket socket, std::vector<std::byte> said, const asio::ip::address& from);
  bool has_bridges(const asio::ip::address& from) const override { return directory().has_bridges(from); }
  task<> serve(pending_connections::id who, tcp::socket socket, asio::ip::address source);
  task<error_code> shake_hands(pending_connections::id who, arrival& from);
  void fail(pending_connections::place& here, const arrival& from, const error_code& why);
  void dismiss(pending_connections::place& here, arrival& from, const error_code& why);
  task<error_code> hear(arrival& from);
  task<error_code> authenticate(arrival& from, pending_connections::place& here);
  task<> welcome(arrival from);
  server_sessions::answer answer(const core::hello& said, const key& holder, bool room);
  key_quota quota_of(const key_id& of) const;
  task<> run_bridge(session_ref of, arrival from);

  void on_begin(const session_ref& begun) override;
  void on_stream(server_session& of, core::stream_id id) override;
  void on_end(session_ref ended) override;
  std::optional<core::limit_reason> enter(const core::session_id& id, const owner_id& owner, std::size_t most) override;
  void leave(const core::session_id& id) override { directory().remove(id); }
  void on_memory(const server_session& of, std::size_t bytes) override { directory().set_memory(of.id(), bytes); }
  void random_fill(std::span<std::byte> out) override { mtcp::random_fill(out); }
  void report(const std::string& line, event_weight weight = event_weight::routine) const;

  executor executor_;
  acceptor_options options_;
  std::shared_ptr<acceptor_group> group_;
  tls_context tls_;
  std::size_t place_ = 0;  // in the group
  std::list<listening_socket> listeners_;
  pending_connections pending_;
  server_sessions sessions_;
  std::map<core::session_id, std::unique_ptr<driver>> drivers_;  // of the sessions
  accept_queue requests_;
  std::function<void(const asio::ip::address&, stranger)> stranger_;
  stage stage_ = stage::serving;
  acceptor_snapshot totals_;  // its counters only
  task_group connections_;    // and what accepts them
  condition changed_;
};

}  // namespace mtcp::detail
