// The client's end of a tunnel: keeps its bridges up over all paths and opens streams through them.
//
//   mtcp::tunnel tunnel(io, options);
//   mtcp::spawn(io.get_executor(), tunnel.run());
//   auto [error, stream] = co_await tunnel.async_open({"example.org", 80}, {}, mtcp::use_result);
//
// Life: run() once; it returns after stop(), when the last bridge is closed. The io_context must outlive the tunnel;
// streams may outlive it (they fail then). Threads: one, that of the io_context.
//
// A tunnel outlives its bridges: lost ones are dialled again (100 ms to 10 s apart), and streams only pause until
// resume_timeout. They end with connection_reset when it passes, or when the server turns out to have been restarted.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/completion.hpp"
#include "mtcp/error.hpp"
#include "mtcp/incoming.hpp"
#include "mtcp/options.hpp"
#include "mtcp/snapshot.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

namespace detail {
class client;
struct initiate_open;
using open_completion = completion<error_code, stream>;

executor executor_of(const client& self);
/// False if nothing is there to accept, and the operation has to wait.
bool try_accept(client& self, error_code& error, incoming& out);
void wait_accept(client& self, accept_completion done);
void cancel_accept(client& self);
}  // namespace detail

class tunnel {
 public:
  using executor_type = executor;

  /// Throws std::invalid_argument if there is no path. Nothing is dialled before run().
  tunnel(asio::io_context& io, tunnel_options options);
  /// Aborts what still runs.
  ~tunnel();
  tunnel(tunnel&&) noexcept;
  tunnel& operator=(tunnel&&) noexcept;

  executor_type get_executor() const noexcept;

  /// Dials until stop(). Throws nothing: dials that fail are repeated, see snapshot().
  task<> run();

  /// Ends the tunnel: streams are reset, the server is told, and run() returns within about a second, or within
  /// `patience` if that is longer and bytes of streams that were closed are still on their way. A second call changes
  /// nothing.
  void stop(std::chrono::milliseconds patience = {});

  /// Waits until `bridges` bridges are up: success, or operation_aborted once the tunnel is stopped.
  task<error_code> wait_up(std::size_t bridges = 1);

  /// Opens a stream: void(error_code, stream). Completes once the server has reached `to`, which takes one round trip
  /// plus the server's own dial. `early` is copied; it is sent along, ahead of whatever is written later, and up to
  /// core::limits::early_limit of it does not wait for the answer.
  ///
  /// Errors: a core::refusal if the server did not reach `to`; errc::tunnel_down if no bridge has been up for
  /// connect_wait, at once if that is so already; asio::error::timed_out if it could not be sent for resume_timeout;
  /// errc::too_many_streams; connection_reset if the tunnel was lost; operation_aborted after stop(), or if cancelled,
  /// in which case the server drops the stream as well.
  template <class Token>
  auto async_open(core::target to, std::span<const std::byte> early, Token&& token);

  /// The next connection that the server has accepted on one of tunnel_options::reverse: void(error_code, incoming).
  /// Its target() is reverse_options::to, which the server does not know: dial it, and answer or refuse. One at a time;
  /// operation_aborted after stop(). The server closes connections that are not answered within 30 s.
  template <class Token>
  auto async_accept(Token&& token) {
    return asio::async_initiate<Token, void(error_code, incoming)>(detail::initiate_accept<detail::client>{}, token,
                                                                   std::weak_ptr<detail::client>(impl_));
  }
  /// The server is to listen no more. Connections that it has accepted go on.
  void stop_listening();

  /// Resets an open stream at both ends, without asking its owner, whose operations fail with operation_aborted. False
  /// if there is no such stream (any more).
  bool close_stream(core::stream_id id);

  /// A bridge that is not enabled stays connected and carries data only while no other bridge can, like one of a backup
  /// path; so disabling the last one cuts nothing off. It keeps its place: no other is dialled instead. A bridge that
  /// is lost is replaced by one that is enabled. False if there is no such bridge.
  bool set_bridge_enabled(core::bridge_id id, bool on);

  /// Gives the path of that name (path_snapshot) another role and rate limit, bytes per second in each direction, 0 for
  /// none. It keeps them as long as the tunnel lives. One that is never used any more lets go of its bridges once what
  /// is under way on them has arrived, within 2 s. False if there is no such path.
  bool change_path(const std::string& name, core::path_role role, std::uint64_t rate_limit);

  /// Bytes of packets that the path of that name has carried since run() began, both ways together, with those that
  /// were sent again and the headers of TCP and IP (Linux; elsewhere 0). 0 if there is no such path. Costs a system
  /// call for each bridge.
  std::uint64_t on_wire(const std::string& path) const;

  tunnel_snapshot snapshot() const;

 private:
  friend struct detail::initiate_open;
  std::shared_ptr<detail::client> impl_;
};

// ---- initiation of async_open ----

namespace detail {

struct open_request {
  core::target to;
  std::vector<std::byte> early;
};

/// Names a request in cancel_open().
std::uint64_t next_ticket(client& self);
void start_open(client& self, std::uint64_t ticket, open_request request, open_completion done);
void cancel_open(client& self, std::uint64_t ticket);

struct initiate_open {
  template <class Handler>
  void operator()(Handler handler, std::weak_ptr<client> self, open_request request) const {
    const std::shared_ptr<client> alive = self.lock();
    const std::uint64_t ticket = next_ticket(*alive);
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
      slot.assign([self, ticket](asio::cancellation_type) {
        if (const auto still = self.lock()) cancel_open(*still, ticket);
      });
    start_open(*alive, ticket, std::move(request), open_completion(std::move(handler), executor_of(*alive)));
  }
};

}  // namespace detail

template <class Token>
auto tunnel::async_open(core::target to, std::span<const std::byte> early, Token&& token) {
  return asio::async_initiate<Token, void(error_code, stream)>(
      detail::initiate_open{}, token, std::weak_ptr<detail::client>(impl_),
      detail::open_request{std::move(to), std::vector<std::byte>(early.begin(), early.end())});
}

}  // namespace mtcp
