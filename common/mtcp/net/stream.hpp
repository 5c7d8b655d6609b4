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

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "mtcp/core/buffer.hpp"
#include "mtcp/core/types.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/stream_state.hpp"

namespace mtcp {

class stream {
 public:
  using executor_type = executor;
  using lowest_layer_type = stream;  // asio::ssl::stream asks for it

  /// Not connected: for a variable that is assigned later.
  stream() = default;
  explicit stream(std::unique_ptr<detail::stream_state> state) noexcept : state_(std::move(state)) {}
  stream(stream&&) noexcept = default;
  stream& operator=(stream&&) noexcept = default;
  ~stream() = default;

  bool is_open() const noexcept { return state_ != nullptr; }
  /// These four need is_open().
  executor_type get_executor() const noexcept { return state_->get_executor(); }
  core::stream_id id() const noexcept { return state_->id(); }
  const core::target& target() const noexcept { return state_->target(); }
  /// The server's local address of its connection to the target, as text; empty if it did not say.
  const core::target& bound() const noexcept { return state_->bound(); }

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
  std::size_t writable() const { return state_ ? state_->writable() : 0; }

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
  /// It must outlive the stream, or be taken off before.
  void watch_stop(detail::stop_watcher* who) noexcept;
  /// The peer has reset its sending direction, maybe behind bytes that wait to be read; or the tunnel was lost.
  bool peer_has_reset() const;
  /// Ends the operations that wait with operation_aborted. The stream stays as it is.
  void cancel();

 private:
  friend class incoming;
  friend class association;

  // asio::buffer_sequence_begin serves single buffers and sequences alike.
  template <class Buffer, class Byte, class Buffers>
  static std::span<Byte> first_of(const Buffers& buffers) {
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto it = asio::buffer_sequence_begin(buffers); it != end; ++it)
      if (const Buffer b(*it); b.size() != 0) return {static_cast<Byte*>(b.data()), b.size()};
    return {};
  }

  template <class Token>
  auto start_read(detail::read_request request, Token& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(detail::initiate_read{}, token, state_.get(),
                                                                      request);
  }
  template <class Token>
  auto start_write(detail::write_request request, Token& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(detail::initiate_write{}, token, state_.get(),
                                                                      request);
  }

  std::unique_ptr<detail::stream_state> state_;
};

}  // namespace mtcp
