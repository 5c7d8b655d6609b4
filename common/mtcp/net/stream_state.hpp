// What is behind a stream: its place between the application's operations and the engine of its session.
//
// The stream owns this object; the session only points to it, and each side tells the other when it goes first. A part
// of stream.hpp, not for use by itself.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mtcp/core/buffer.hpp"
#include "mtcp/core/engine.hpp"
#include "mtcp/core/types.hpp"
#include "mtcp/net/async.hpp"
#include "mtcp/net/completion.hpp"
#include "mtcp/session/stream_listener.hpp"

namespace mtcp {
class session;
}

namespace mtcp::detail {

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
struct io_result {
  error_code error{};
  std::size_t size = 0;
};
using io_completion = completion<error_code, std::size_t>;
using datagram_completion = completion<error_code, core::datagram>;

/// Wants to know at once that nobody reads what is written: a write would only tell the next time.
class stop_watcher {
 public:
  virtual void on_stop() = 0;

 protected:
  ~stop_watcher() = default;
};

class stream_state final : public stream_listener {
 public:
  stream_state(session& owner, const executor& where, core::stream_id id, core::target to, core::target bound);
  stream_state(const stream_state&) = delete;
  stream_state& operator=(const stream_state&) = delete;
  ~stream_state();

  executor get_executor() const noexcept { return executor_; }
  core::stream_id id() const noexcept { return id_; }
  const core::target& target() const override { return target_; }
  const core::target& bound() const noexcept { return bound_; }
  core::timestamp opened_at() const override { return opened_at_; }

  // From the application. A result means that the operation is over, none that it has to wait.
  std::optional<io_result> try_read(const read_request& request);
  std::optional<io_result> try_write(write_request& request);
  void wait_read(const read_request& request, io_completion done);
  void wait_write(const write_request& request, io_completion done);
  /// The next datagram or why there will be none; neither means that the operation has to wait.
  std::optional<core::datagram> try_receive(error_code& ended);
  void wait_receive(datagram_completion done) { receive_done_ = std::move(done); }
  bool send_datagram(const core::target& peer, std::span<const std::byte> payload);
  void cancel_read();
  void cancel_write();
  void shutdown_send();
  void reset_send(core::reset_code code);
  void stop_receive(core::reset_code code);
  void reset(core::reset_code code);
  void close();
  /// Who is told when the peer stops reading, or the session is over; null for nobody. It must outlive the stream.
  void watch_stop(stop_watcher* who) noexcept { stop_watcher_ = who; }
  std::size_t writable() const;
  /// The peer has reset its sending direction, or the session is over.
  bool peer_has_reset() const;
  void answer(const core::target& bound);
  void refuse(core::refusal why);

  // From the session.
  void on_readable() override;
  void on_datagram() override;
  void on_writable() override;
  void on_stopped() override;
  void on_closed_by_user() override { reset(core::reset_code::reset); }
  /// What has arrived can still be read, unless this end has ended the session (operation_aborted); beyond that every
  /// operation fails.
  void on_session_over(error_code why) override;

 private:
  io_result read_engine(const read_request& request);
  io_result read_leftover(const read_request& request);
  void keep_leftover();
  void tell_stop();
  std::size_t write_engine(write_request& request);
  void end_receive(error_code why);
  void end_send(error_code why);
  void forget();

  session* owner_;  // null once the stream is over for the engine, or the session itself is
  executor executor_;
  core::stream_id id_;
  core::target target_, bound_;
  core::timestamp opened_at_;
  error_code receive_end_, send_end_;  // why a direction gives nothing more; unset while it is open
  bool finished_ = false;              // shutdown_send() was called: the sending direction ended well

  std::unique_ptr<core::leftover> leftover_;  // what had arrived when the session ended
  stop_watcher* stop_watcher_ = nullptr;

  read_request reading_;
  write_request writing_;
  io_completion read_done_, write_done_;
  datagram_completion receive_done_;
};

// ---- initiation: what async_read_some and its like do with a handler ----

struct initiate_read {
  template <class Handler>
  void operator()(Handler handler, stream_state* state, read_request request) const;
};
struct initiate_write {
  template <class Handler>
  void operator()(Handler handler, stream_state* state, write_request request) const;
};

/// Without a stream there is no executor to fall back on but the handler's own.
template <class Handler>
void complete_unconnected(Handler&& handler) {
  const auto where = asio::get_associated_executor(handler);
  asio::post(where,
             asio::append(std::forward<Handler>(handler), error_code(asio::error::not_connected), std::size_t{0}));
}

template <class Handler>
void initiate_read::operator()(Handler handler, stream_state* state, read_request request) const {
  if (state == nullptr) return complete_unconnected(std::move(handler));
  if (const auto done = state->try_read(request))
    return complete_at_once(std::move(handler), state->get_executor(), done->error, done->size);
  auto slot = asio::get_associated_cancellation_slot(handler);
  if (slot.is_connected()) slot.assign([state](asio::cancellation_type) { state->cancel_read(); });
  state->wait_read(request, io_completion(std::move(handler), state->get_executor()));
}

template <class Handler>
void initiate_write::operator()(Handler handler, stream_state* state, write_request request) const {
  if (state == nullptr) return complete_unconnected(std::move(handler));
  if (const auto done = state->try_write(request))
    return complete_at_once(std::move(handler), state->get_executor(), done->error, done->size);
  auto slot = asio::get_associated_cancellation_slot(handler);
  if (slot.is_connected()) slot.assign([state](asio::cancellation_type) { state->cancel_write(); });
  state->wait_write(request, io_completion(std::move(handler), state->get_executor()));
}

}  // namespace mtcp::detail
