// A stream through a tunnel: it carries out the application's operations on the engine of its session.
//
// The stream owns this object; the session only points to it, and each side tells the other when it goes first.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/buffer.hpp"
#include "mtcp/core/engine.hpp"
#include "mtcp/net/stream_backend.hpp"
#include "mtcp/session/stream_listener.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {
class session;
}

namespace mtcp::detail {

using datagram_completion = completion<error_code, core::datagram>;

class stream_impl final : public stream_backend, public stream_listener {
 public:
  stream_impl(session& owner, const executor& where, core::stream_id id, core::target to, core::target bound,
              core::target source = {});
  stream_impl(const stream_impl&) = delete;
  stream_impl& operator=(const stream_impl&) = delete;
  ~stream_impl() override;

  executor get_executor() const noexcept override { return executor_; }
  core::stream_id id() const noexcept override { return id_; }
  const core::target& target() const override { return target_; }
  const core::target& bound() const noexcept override { return bound_; }
  const core::target& source() const override { return source_; }
  core::timestamp opened_at() const override { return opened_at_; }

  // From the application. A result means that the operation is over; no result, that it has to wait.
  std::optional<io_result> try_read(const read_request& request) override;
  std::optional<io_result> try_write(write_request& request) override;
  void wait_read(const read_request& request, io_completion done) override;
  void wait_write(const write_request& request, io_completion done) override;
  /// The next datagram or why there will be none; neither means that the operation has to wait.
  std::optional<core::datagram> try_receive(error_code& ended);
  void wait_receive(datagram_completion done) { receive_done_ = std::move(done); }
  bool send_datagram(const core::target& peer, std::span<const std::byte> payload);
  void cancel_read() override;
  void cancel_write() override;
  void shutdown_send() override;
  void reset_send(core::reset_code code) override;
  void stop_receive(core::reset_code code) override;
  void reset(core::reset_code code) override;
  void close() override;
  /// Who is told when the peer stops reading, or the session is over; null for nobody. It must outlive the stream.
  void watch_stop(stop_watcher* who) noexcept override { stop_watcher_ = who; }
  std::size_t writable() const override;
  /// The peer has reset its sending direction, or the session is over.
  bool peer_has_reset() const override;
  void answer(const core::target& bound);
  void refuse(core::refusal why);
  /// Of a listener: a stream for a connection from `source`; null if the client takes none.
  std::unique_ptr<stream_backend> accept(core::target source);
  /// Its session has no bridge.
  bool deserted() const;

  // From the session.
  void on_readable() override;
  void on_datagram() override;
  void on_writable() override;
  void on_stopped() override;
  void on_refused(error_code why) override;
  void on_closed(core::reset_code why) override { reset(why); }
  /// What has arrived can still be read, unless this end has ended the session (operation_aborted); beyond that every
  /// operation fails.
  void on_session_over(error_code why) override;

 private:
  io_result read_engine(const read_request& request);
  io_result read_leftover(const read_request& request);
  void keep_leftover();
  void tell_stop();
  /// shutdown_send() was called: the sending direction ended well.
  bool finished() const { return send_end_ == asio::error::broken_pipe; }
  std::size_t write_engine(write_request& request);
  void end_receive(error_code why);
  void end_send(error_code why);
  void forget();

  session* owner_;  // null once the stream is over for the engine, or the session itself is
  executor executor_;
  core::stream_id id_;
  core::target target_, bound_, source_;
  core::timestamp opened_at_;
  error_code receive_end_, send_end_;  // why a direction gives nothing more; unset while it is open

  std::unique_ptr<core::leftover> leftover_;  // what had arrived when the session ended
  stop_watcher* stop_watcher_ = nullptr;

  read_request reading_;
  write_request writing_;
  io_completion read_done_, write_done_;
  datagram_completion receive_done_;
};

}  // namespace mtcp::detail
