// The server: accepts the bridges of any number of clients, joins them to tunnels and hands out the streams that the
// clients open.
//
//   mtcp::acceptor acceptor(io, options);
//   mtcp::spawn(io.get_executor(), acceptor.run());
//   auto [error, request] = co_await acceptor.async_accept(mtcp::use_result);
//   ... dial request.target() ...
//   mtcp::stream stream = request.answer({"192.0.2.1", 40000});
//
// Life: run() once; it returns after stop(), when the last bridge is closed. The io_context must outlive the acceptor;
// streams may outlive it (they fail then). Threads: one, that of the io_context; for more see acceptor_group.hpp.
//
// A peer must prove that it holds one of the keys before any frame of it is read. Everybody else is sent nothing.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/async.hpp"
#include "mtcp/completion.hpp"
#include "mtcp/incoming.hpp"
#include "mtcp/options.hpp"
#include "mtcp/snapshot.hpp"
#include "mtcp/stranger.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

namespace detail {

class server;

executor executor_of(const server& self);
/// False if nothing is there to accept, and the operation has to wait.
bool try_accept(server& self, error_code& error, incoming& out);
void wait_accept(server& self, accept_completion done);
void cancel_accept(server& self);

}  // namespace detail

class acceptor {
 public:
  using executor_type = executor;

  /// Binds and listens. Throws boost::system::system_error, whose what() names the endpoint, if that fails, and
  /// std::invalid_argument if there is no key, or no endpoint and no group.
  acceptor(asio::io_context& io, acceptor_options options);
  /// Aborts what still runs.
  ~acceptor();
  acceptor(acceptor&&) noexcept;
  acceptor& operator=(acceptor&&) noexcept;

  executor_type get_executor() const noexcept;
  std::vector<asio::ip::tcp::endpoint> local_endpoints() const;

  /// Serves until stop(). Throws nothing.
  task<> run();

  /// Takes no more connections, sessions or streams; what is under way goes on.
  void drain();
  /// Ends every tunnel: streams are reset, clients are told, and run() returns within about a second, or within
  /// `patience` if that is longer and bytes of streams that were closed are still on their way.
  void stop(std::chrono::milliseconds patience = {});

  /// The next stream that a client opens, or the next listener that it wants: void(error_code, incoming). One at a
  /// time; operation_aborted after stop().
  template <class Token>
  auto async_accept(Token&& token) {
    return asio::async_initiate<Token, void(error_code, incoming)>(detail::initiate_accept<detail::server>{}, token,
                                                                   std::weak_ptr<detail::server>(impl_));
  }

  /// Replaces the keys, and what is granted to some of them. Tunnels whose key is gone end at once, as with stop().
  void set_keys(key_ring keys, key_quotas quotas = {});

  /// Replaces acceptor_options::trusted_proxies, for connections that come from now on.
  void set_trusted_proxies(std::vector<network> proxies);

  /// `told` hears of each connection that failed without a key, but for those that broke. It must not use the acceptor.
  void on_stranger(std::function<void(const ip_address&, stranger)> told);

  /// Resets a stream at both ends, without asking its owner, whose operations fail with operation_aborted. `session` is
  /// tunnel_snapshot::session. False if there is no such stream (any more).
  bool close_stream(std::string_view session, core::stream_id id);

  /// The same of all streams of a key, in this acceptor; listeners stay.
  void close_streams(const key_id& owner, core::reset_code why);

  acceptor_snapshot snapshot() const;

 private:
  std::shared_ptr<detail::server> impl_;
};

}  // namespace mtcp
