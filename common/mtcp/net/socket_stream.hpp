// A TCP connection that poses as a stream: what is made for streams, relay() above all, serves both.
//
// TCP cannot reset one direction: reset_send() takes effect once the receiving direction is over, too, and
// stop_receive() only stops reading. Errors are those of streams (stream.hpp).
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/relay/relay_socket.hpp"
#include "mtcp/net/stream_backend.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

/// What a connection has carried, for somebody who counts. It is let go when the connection ends.
struct stream_traffic {
  std::uint64_t up = 0;           ///< bytes that were written
  std::uint64_t down = 0;         ///< bytes that were read
  std::function<void()> reset{};  ///< resets the connection; empty once it has ended
};

/// `socket` is connected and non-blocking; `to` is what was asked for; `count` may be null.
stream stream_of(tcp::socket socket, core::target to, std::shared_ptr<stream_traffic> count = nullptr);

namespace detail {

class socket_stream final : public stream_backend {
 public:
  socket_stream(tcp::socket socket, core::target to, std::shared_ptr<stream_traffic> count);
  socket_stream(const socket_stream&) = delete;
  socket_stream& operator=(const socket_stream&) = delete;
  ~socket_stream() override;

  executor get_executor() const noexcept override { return executor_; }
  core::stream_id id() const noexcept override { return 0; }
  const core::target& target() const override { return target_; }
  const core::target& bound() const noexcept override { return bound_; }

  std::optional<io_result> try_read(const read_request& request) override;
  std::optional<io_result> try_write(write_request& request) override;
  void wait_read(const read_request& request, io_completion done) override;
  void wait_write(const write_request& request, io_completion done) override;
  void cancel_read() override;
  void cancel_write() override;
  /// It is not known: whoever asks is told of 0.
  std::size_t writable() const override { return 0; }

  void shutdown_send() override;
  void reset_send(core::reset_code code) override;
  void stop_receive(core::reset_code code) override;
  void reset(core::reset_code code) override;
  void close() override;
  void watch_stop(stop_watcher* who) noexcept override;
  bool peer_has_reset() const override { return peer_reset_ || was_reset_; }

 private:
  std::optional<io_result> read(const read_request& request);
  std::optional<io_result> write(write_request& request);
  std::size_t write_some(write_request& request, error_code& error);
  void await_room();
  void await_bytes();
  void await_error();
  void on_readable();
  void on_writable();
  void end_receive(error_code why);
  void end_send(error_code why);
  void let_go();

  tcp::socket socket_;
  executor executor_;
  slice_reader reader_{socket_};
  core::target target_, bound_;
  std::shared_ptr<stream_traffic> count_;
  error_code receive_end_, send_end_;  // why a direction gives nothing more; unset while it is open
  bool resets_ = false;                // the peer is to read a reset
  bool was_reset_ = false;             // by its owner
  bool peer_reset_ = false;            // its reset was met; reads may show no more than an end of file afterwards
  bool awaits_bytes_ = false, awaits_room_ = false, awaits_error_ = false;
  stop_watcher* stop_watcher_ = nullptr;
  read_request reading_;
  write_request writing_;
  io_completion read_done_, write_done_;
  lifeline life_;
};

}  // namespace detail

}  // namespace mtcp
