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
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/completion.hpp"
#include "mtcp/options.hpp"
#include "mtcp/snapshot.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

/// A stream that a client opened and that waits for an answer. Destroying it refuses it (refusal::general).
class incoming {
 public:
  incoming() = default;
  incoming(stream unanswered, std::string user, const key_id& owner)
      : stream_(std::move(unanswered)), user_(std::move(user)), owner_(owner) {}
  incoming(incoming&&) noexcept = default;
  incoming& operator=(incoming&&) noexcept;
  ~incoming();

  bool is_open() const noexcept { return stream_.is_open(); }
  /// These need is_open().
  const core::target& target() const noexcept { return stream_.target(); }
  core::stream_id id() const noexcept { return stream_.id(); }
  /// Whose key the client holds: its name, or its id if it has none.
  const std::string& user() const noexcept { return user_; }
  const key_id& owner() const noexcept { return owner_; }

  /// The target was reached from `bound`, this end's address of that connection as text; it may be empty. Bytes that
  /// the client sent early are there to read. The request is closed afterwards.
  stream answer(const core::target& bound);
  /// The target was not reached. The request is closed afterwards.
  void refuse(core::refusal why);

 private:
  stream stream_;
  std::string user_;
  key_id owner_{};
};

namespace detail {

class server;
using accept_completion = completion<error_code, incoming>;

executor executor_of(const server& self);
/// False if nothing is there to accept, and the operation has to wait.
bool try_accept(server& self, error_code& error, incoming& out);
void wait_accept(server& self, accept_completion done);
void cancel_accept(server& self);

struct initiate_accept {
  template <class Handler>
  void operator()(Handler handler, std::weak_ptr<server> self) const {
    const std::shared_ptr<server> alive = self.lock();
    error_code error;
    incoming out;
    if (try_accept(*alive, error, out))
      return complete_at_once(std::move(handler), executor_of(*alive), error, std::move(out));
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
      slot.assign([self](asio::cancellation_type) {
        if (const auto still = self.lock()) cancel_accept(*still);
      });
    wait_accept(*alive, accept_completion(std::move(handler), executor_of(*alive)));
  }
};

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

  /// The next stream that a client opens: void(error_code, incoming). One at a time; operation_aborted after stop().
  template <class Token>
  auto async_accept(Token&& token) {
    return asio::async_initiate<Token, void(error_code, incoming)>(detail::initiate_accept{}, token,
                                                                   std::weak_ptr<detail::server>(impl_));
  }

  /// Replaces the keys. Tunnels whose key is gone end at once, as with stop().
  void set_keys(key_ring keys);

  /// Replaces acceptor_options::trusted_proxies, for connections that come from now on.
  void set_trusted_proxies(std::vector<network> proxies);

  /// Resets a stream at both ends, without asking its owner, whose operations fail with operation_aborted. `session` is
  /// tunnel_snapshot::session. False if there is no such stream (any more).
  bool close_stream(std::string_view session, core::stream_id id);

  acceptor_snapshot snapshot() const;

 private:
  std::shared_ptr<detail::server> impl_;
};

}  // namespace mtcp
