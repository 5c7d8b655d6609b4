// One end of a UDP association through a tunnel: datagrams to and from any number of peers, over a stream that carries
// nothing else. Datagrams may be lost and overtake each other; none arrives twice.
//
//   client: core::target none;  auto [error, s] = co_await tunnel.async_open(none, {}, use_result);  association(s)
//   server: association(request.answer(...)), for a request whose target core::is_association()
//
// Threads and life are those of the stream; its end, a reset or the loss of the tunnel, ends the association.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "mtcp/core/datagram.hpp"
#include "mtcp/net/stream_impl.hpp"
#include "mtcp/stream.hpp"

namespace mtcp {

namespace detail {

struct initiate_receive {
  template <class Handler>
  void operator()(Handler handler, stream_impl* impl) const {
    if (impl == nullptr) {  // nor an executor to fall back on but the handler's own
      const auto where = asio::get_associated_executor(handler);
      const error_code error = asio::error::not_connected;
      return asio::post(where, asio::append(std::move(handler), error, core::datagram{}));
    }
    error_code ended;
    auto next = impl->try_receive(ended);
    if (next || ended)
      return complete_at_once(std::move(handler), impl->get_executor(), ended,
                              next ? std::move(*next) : core::datagram{});
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.assign([impl](asio::cancellation_type) { impl->cancel_read(); });
    impl->wait_receive(datagram_completion(std::move(handler), impl->get_executor()));
  }
};

}  // namespace detail

class association {
 public:
  /// Adopts an open stream of a tunnel.
  explicit association(stream carrier) : carrier_(std::move(carrier)) {}

  /// Sends up to 65,507 bytes; false if they were dropped. `peer` is the destination (client; a name or an address) or
  /// the source (server; an address).
  bool send(const core::target& peer, std::span<const std::byte> payload) {
    return carrier_.is_open() && impl()->send_datagram(peer, payload);
  }

  /// The next datagram: void(error_code, core::datagram). One at a time. Errors as those of reading a stream: eof is
  /// the end of the association.
  template <class Token>
  auto async_receive(Token&& token) {
    return asio::async_initiate<Token, void(error_code, core::datagram)>(detail::initiate_receive{}, token, impl());
  }

  /// Ends it. A receive that waits ends with operation_aborted.
  void close() { carrier_.close(); }

 private:
  detail::stream_impl* impl() const { return static_cast<detail::stream_impl*>(carrier_.impl_.get()); }

  stream carrier_;
};

}  // namespace mtcp
