// One end of a proxied byte stream, posing as a socket: a Boost.Asio AsyncReadStream and AsyncWriteStream, so that
// asio::async_read and async_write, Boost.Beast and asio::ssl::stream run over it.
//
// Threads: one, that of the io_context of the tunnel or acceptor that made it. One read and one write may be under way
// at a time; another of the same kind fails with already_started. Handlers are posted, never called from inside.
//
// Life: a stream may outlive its tunnel, not its io_context. Destroying it before both directions are over resets it.
//
// Errors, which reads and writes give when nothing is left to do before them:
//   asio::error::eof                read: the peer finished sending, and every byte of it has been read
//   asio::error::connection_reset   the peer reset that direction, or the tunnel was lost; what arrived before can be
//                                   read first
//   asio::error::broken_pipe        write: after shutdown_send()
//   asio::error::operation_aborted  cancelled, or ended by this end: close(), reset(), stop_receive(), reset_send(), or
//                                   tunnel::stop()
//   asio::error::not_connected      a stream that was default-constructed or moved from
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/buffer.hpp"
#include "mtcp/completion.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

namespace detail {
class stream_backend;
struct initiate_read;
struct initiate_write;

/// Is told at once that nobody reads what is written; otherwise only the next write would tell.
class stop_watcher {
 public:
  virtual void on_stop() = 0;

 protected:
  ~stop_watcher() = default;
};

/// One of the two forms is used: into a span, or as slices.
struct read_request {
  std::span<std::byte> into{};
  std::vector<core::slice>* slices = nullptr;
  std::size_t most = 0;
};
struct write_request {
  std::span<const std::byte> from{};
  std::vector<core::slice>* slices = nullptr;
  std::size_t taken = 0;  ///< bytes of `slices` that went before
};
}  // namespace detail

class stream {
 public:
  using executor_type = executor;
  using lowest_layer_type = stream;  // asio::ssl::stream asks for it

  /// Not connected: for a variable that is assigned later.
  stream() noexcept;
  explicit stream(std::unique_ptr<detail::stream_backend> impl) noexcept;
  stream(stream&&) noexcept;
  stream& operator=(stream&&) noexcept;
  ~stream();

  bool is_open() const noexcept { return impl_ != nullptr; }
  /// These five need is_open().
  executor_type get_executor() const noexcept;
  core::stream_id id() const noexcept;
  const core::target& target() const noexcept;
  /// The server's local address of its connection to the target, as text; empty if it did not say.
  const core::target& bound() const noexcept;
  /// Where the connection comes from for which the server has opened the stream; else empty.
  const core::target& source() const noexcept;

  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

  /// Completes with one byte or more, or an error: void(error_code, std::size_t). A read into no bytes completes at
  /// once. Only the first buffer that is not empty is filled.
  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return start_read<Token>({.into = first_of<asio::mutable_buffer, std::byte>(buffers)}, token);
  }

  /// Completes with one byte or more taken, or an error: void(error_code, std::size_t). Bytes are copied.
  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return start_write<Token>({.from = first_of<asio::const_buffer, const std::byte>(buffers)}, token);
  }

  /// The copy-free read: appends what has arrived, at most `most` bytes, to `out`, which must outlive the operation.
  /// Completes with one byte or more, or an error: void(error_code, std::size_t).
  template <class Token>
  auto async_read_slices(std::vector<core::slice>& out, std::size_t most, Token&& token) {
    return start_read<Token>({.slices = &out, .most = most}, token);
  }

  /// The copy-free write of everything in `from`, which must outlive the operation and which it empties as bytes are
  /// taken. Completes when all are, or with an error and how many were: void(error_code, std::size_t).
  template <class Token>
  auto async_write_slices(std::vector<core::slice>& from, Token&& token) {
    return start_write<Token>({.slices = &from}, token);
  }

  /// Bytes that a write would take now, without waiting.
  std::size_t writable() const;

  /// Nothing more will be written: the peer reads the end of the stream after the last byte. Not while a write is under
  /// way.
  void shutdown_send();
  /// Ends the sending direction: the peer reads a reset after the bytes that were sent.
  void reset_send(core::reset_code code = core::reset_code::reset);
  /// Ends the receiving direction: drops what was not read and asks the peer to stop sending.
  void stop_receive(core::reset_code code = core::reset_code::reset);
  /// Ends both directions: the peer reads and writes into a reset. The stream is not connected afterwards.
  void reset(core::reset_code code = core::reset_code::reset);
  /// Like closing a socket: what was written is still delivered, with the end of the stream behind it; what was not
  /// read is dropped. The stream is not connected afterwards.
  void close();
  /// `who` is told when the peer reads no more, or the tunnel is lost, though no write is under way; null for nobody.
  /// It must outlive the stream, or be removed before.
  void watch_stop(detail::stop_watcher* who) noexcept;
  /// The peer has reset its sending direction, maybe behind bytes that wait to be read; or the tunnel was lost.
  bool peer_has_reset() const;
  /// Ends the operations that wait with operation_aborted. The stream stays as it is.
  void cancel();

 private:
  friend class incoming;
  friend class association;
  friend class client_listener;

  // asio::buffer_sequence_begin serves single buffers and sequences alike.
  template <class Buffer, class Byte, class Buffers>
  static std::span<Byte> first_of(const Buffers& buffers) {
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto it = asio::buffer_sequence_begin(buffers); it != end; ++it)
      if (const Buffer b(*it); b.size() != 0) return {static_cast<Byte*>(b.data()), b.size()};
    return {};
  }

  template <class Token>
  auto start_read(detail::read_request request, Token& token);
  template <class Token>
  auto start_write(detail::write_request request, Token& token);

  std::unique_ptr<detail::stream_backend> impl_;
};

// ---- initiation: what async_read_some and its like do with a handler ----

namespace detail {

struct io_result {
  error_code error{};
  std::size_t size = 0;
};
using io_completion = completion<error_code, std::size_t>;

executor executor_of(const stream_backend& self);
/// A result means that the operation is over; no result, that it has to wait.
std::optional<io_result> try_read(stream_backend& self, const read_request& request);
std::optional<io_result> try_write(stream_backend& self, write_request& request);
void wait_read(stream_backend& self, const read_request& request, io_completion done);
void wait_write(stream_backend& self, const write_request& request, io_completion done);
void cancel_read(stream_backend& self);
void cancel_write(stream_backend& self);

/// Without a stream there is no executor to fall back on but the handler's own.
template <class Handler>
void complete_unconnected(Handler&& handler) {
  const auto where = asio::get_associated_executor(handler);
  asio::post(where,
             asio::append(std::forward<Handler>(handler), error_code(asio::error::not_connected), std::size_t{0}));
}

struct initiate_read {
  template <class Handler>
  void operator()(Handler handler, stream_backend* state, read_request request) const {
    if (state == nullptr) return complete_unconnected(std::move(handler));
    if (const auto done = try_read(*state, request))
      return complete_at_once(std::move(handler), executor_of(*state), done->error, done->size);
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.assign([state](asio::cancellation_type) { cancel_read(*state); });
    wait_read(*state, request, io_completion(std::move(handler), executor_of(*state)));
  }
};

struct initiate_write {
  template <class Handler>
  void operator()(Handler handler, stream_backend* state, write_request request) const {
    if (state == nullptr) return complete_unconnected(std::move(handler));
    if (const auto done = try_write(*state, request))
      return complete_at_once(std::move(handler), executor_of(*state), done->error, done->size);
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.assign([state](asio::cancellation_type) { cancel_write(*state); });
    wait_write(*state, request, io_completion(std::move(handler), executor_of(*state)));
  }
};

}  // namespace detail

template <class Token>
auto stream::start_read(detail::read_request request, Token& token) {
  return asio::async_initiate<Token, void(error_code, std::size_t)>(detail::initiate_read{}, token, impl_.get(),
                                                                    request);
}

template <class Token>
auto stream::start_write(detail::write_request request, Token& token) {
  return asio::async_initiate<Token, void(error_code, std::size_t)>(detail::initiate_write{}, token, impl_.get(),
                                                                    request);
}

}  // namespace mtcp
