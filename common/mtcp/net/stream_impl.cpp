#include "mtcp/net/stream_impl.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/core/stream/leftover.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/session/outcome.hpp"
#include "mtcp/session/session.hpp"

namespace mtcp::detail {
namespace {

// Bytes of a write that fill a send by themselves. What was just read from an application's socket is in the cache now;
// once the sockets of seven others have been read it is not: eight downloads at once over loopback cost 0.94 of the
// processor time when none waits.
constexpr std::size_t large_write = 64 * 1024;

error_code error_of(core::reset_code code) {
  if (code == core::reset_code::quota) return errc::quota_used_up;
  return asio::error::connection_reset;
}

}  // namespace

stream_impl::stream_impl(session& owner, const executor& where, core::stream_id id, core::target to, core::target bound,
                         core::target source)
    : owner_(&owner),
      executor_(where),
      id_(id),
      target_(std::move(to)),
      bound_(std::move(bound)),
      source_(std::move(source)),
      opened_at_(now()) {
  owner.add_stream(id, *this);
}

stream_impl::~stream_impl() {
  const bool over = finished() && receive_end_;  // nothing is cut short, so nothing needs to be reset
  if (over) {
    close();
  } else {
    reset(core::reset_code::reset);
  }
}

// ---- reading ----

std::optional<io_result> stream_impl::try_read(const read_request& request) {
  if (read_done_) return io_result{asio::error::already_started};
  if (request.slices == nullptr && request.into.empty()) return io_result{};
  if (leftover_) return read_leftover(request);
  if (receive_end_) return io_result{receive_end_};
  const io_result got = read_engine(request);
  if (got.size != 0 || got.error) return got;
  return {};
}

void stream_impl::wait_read(const read_request& request, io_completion done) {
  reading_ = request;
  read_done_ = std::move(done);
}

io_result stream_impl::read_engine(const read_request& request) {
  core::engine& engine = owner_->engine();
  const core::read_result got = request.slices != nullptr ? engine.read(id_, *request.slices, request.most, now())
                                                          : engine.read(id_, request.into, now());
  if (got.size != 0) owner_->changed();  // there may be credit to give
  if (got.status == core::read_result::state::end) receive_end_ = asio::error::eof;
  if (got.status == core::read_result::state::reset) receive_end_ = error_of(got.code);
  // Bytes and the end of the stream may come together; the end is for the next read then.
  return {got.size != 0 ? error_code() : receive_end_, got.size};
}

io_result stream_impl::read_leftover(const read_request& request) {
  core::reorder_buffer& bytes = leftover_->bytes;
  const std::size_t size =
      request.slices != nullptr ? bytes.read(*request.slices, request.most) : bytes.read(request.into);
  if (bytes.readable() == 0) leftover_.reset();
  return {{}, size};
}

// The peer was told that these bytes have arrived, so they must be readable; and their end, if it came with them.
void stream_impl::keep_leftover() {
  using state = core::read_result::state;
  auto rest = owner_->engine().take_leftover(id_);
  if (!rest) return;
  if (rest->then == state::end) receive_end_ = asio::error::eof;
  if (rest->then == state::reset) receive_end_ = asio::error::connection_reset;
  if (rest->bytes.readable() == 0) return;
  leftover_ = std::move(rest);
  if (!read_done_) return;
  const io_result got = read_leftover(reading_);  // they came in this very turn
  std::exchange(read_done_, {})(got.error, got.size);
}

void stream_impl::on_readable() {
  on_datagram();  // or the end of an association
  if (!read_done_ || receive_end_) return;
  const io_result got = read_engine(reading_);
  if (got.size != 0 || got.error) std::exchange(read_done_, {})(got.error, got.size);
}

std::optional<core::datagram> stream_impl::try_receive(error_code& ended) {
  if (receive_done_) {
    ended = asio::error::already_started;
    return std::nullopt;
  }
  if (owner_ != nullptr && !receive_end_) {
    if (auto next = owner_->engine().read_datagram(id_)) return next;
    read_engine({});  // there are no bytes, but there may be an end
  }
  ended = receive_end_;
  return {};
}

void stream_impl::on_datagram() {
  if (!receive_done_) return;
  datagram_completion done = std::move(receive_done_);
  error_code ended;
  auto next = try_receive(ended);
  if (next || ended) return done(ended, next ? std::move(*next) : core::datagram{});
  receive_done_ = std::move(done);
}

bool stream_impl::send_datagram(const core::target& peer, std::span<const std::byte> payload) {
  if (owner_ == nullptr || !owner_->engine().send_datagram(id_, peer, payload, now())) return false;
  owner_->changed();
  return true;
}

void stream_impl::cancel_read() {
  if (receive_done_) std::exchange(receive_done_, {})(asio::error::operation_aborted, core::datagram{});
  if (read_done_) std::exchange(read_done_, {})(asio::error::operation_aborted, 0);
}

void stream_impl::end_receive(error_code why) {
  if (!receive_end_) receive_end_ = why;
  if (read_done_) std::exchange(read_done_, {})(receive_end_, 0);
  if (receive_done_) std::exchange(receive_done_, {})(receive_end_, core::datagram{});
}

void stream_impl::stop_receive(core::reset_code code) {
  if (owner_ != nullptr && !receive_end_) {
    owner_->engine().stop_receive(id_, code, now());
    owner_->changed();
  }
  if (std::exchange(leftover_, nullptr)) receive_end_ = {};  // which was to follow these bytes
  end_receive(asio::error::operation_aborted);
}

// ---- writing ----

std::optional<io_result> stream_impl::try_write(write_request& request) {
  if (write_done_) return io_result{asio::error::already_started};
  if (send_end_) return io_result{send_end_};
  if (request.slices == nullptr && request.from.empty()) return io_result{};
  const std::size_t taken = write_engine(request);
  if (taken >= large_write) owner_->transmit(now());
  if (request.slices == nullptr ? taken != 0 : request.slices->empty()) return io_result{{}, taken};
  return {};
}

void stream_impl::wait_write(const write_request& request, io_completion done) {
  writing_ = request;
  write_done_ = std::move(done);
}

// Returns how many bytes of the operation the engine has taken so far.
std::size_t stream_impl::write_engine(write_request& request) {
  core::engine& engine = owner_->engine();
  const core::timestamp at = now();
  if (request.slices == nullptr) {
    request.taken = engine.write(id_, request.from, at).size;
  } else {
    auto& queue = *request.slices;
    auto next = queue.begin();
    for (; next != queue.end(); ++next) {
      const std::size_t taken = engine.write(id_, *next, at).size;
      request.taken += taken;
      next->remove_prefix(taken);
      if (!next->empty()) break;
    }
    queue.erase(queue.begin(), next);
  }
  if (request.taken != 0) owner_->changed();
  return request.taken;
}

void stream_impl::on_writable() {
  if (!write_done_) return;
  const std::size_t taken = write_engine(writing_);
  if (writing_.slices == nullptr ? taken != 0 : writing_.slices->empty())
    std::exchange(write_done_, {})(error_code(), taken);
}

void stream_impl::on_stopped() {
  end_send(asio::error::connection_reset);
  tell_stop();
}

std::size_t stream_impl::writable() const {
  return owner_ == nullptr || send_end_ ? 0 : owner_->engine().writable(id_);
}

void stream_impl::tell_stop() {
  if (stop_watcher_ != nullptr) stop_watcher_->on_stop();
}

bool stream_impl::peer_has_reset() const { return owner_ == nullptr || owner_->engine().peer_has_reset(id_); }

void stream_impl::cancel_write() {
  if (write_done_) std::exchange(write_done_, {})(asio::error::operation_aborted, writing_.taken);
}

void stream_impl::end_send(error_code why) {
  if (!send_end_) send_end_ = why;
  if (write_done_) std::exchange(write_done_, {})(send_end_, writing_.taken);
}

void stream_impl::shutdown_send() {
  if (owner_ == nullptr || send_end_) return;
  owner_->engine().shutdown_send(id_, now());
  owner_->changed();
  end_send(asio::error::broken_pipe);
}

void stream_impl::reset_send(core::reset_code code) {
  if (owner_ != nullptr && (!send_end_ || finished())) {
    owner_->engine().reset_send(id_, code, now());
    owner_->changed();
  }
  if (finished()) send_end_ = {};
  end_send(asio::error::operation_aborted);
}

// ---- both directions ----

void stream_impl::answer(const core::target& bound) {
  bound_ = bound;
  if (owner_ == nullptr) return;
  owner_->engine().answer(id_, bound, now());
  owner_->changed();
}

void stream_impl::refuse(core::refusal why) {
  if (owner_ != nullptr) owner_->engine().refuse(id_, why, now());
  forget();
}

std::unique_ptr<stream_backend> stream_impl::accept(core::target source) {
  const auto id = owner_ == nullptr ? std::nullopt : owner_->accept(id_, source, now());
  if (!id) return nullptr;
  return std::make_unique<stream_impl>(*owner_, executor_, *id, bound_, core::target(), std::move(source));
}

bool stream_impl::deserted() const { return owner_ == nullptr || owner_->bridge_count() == 0; }

// The session has forgotten the stream.
void stream_impl::on_refused(error_code why) {
  owner_ = nullptr;
  end_receive(why);
  end_send(why);
  tell_stop();
}

void stream_impl::reset(core::reset_code code) {
  if (owner_ != nullptr) owner_->engine().reset(id_, code, now());
  forget();
}

void stream_impl::close() {
  shutdown_send();
  if (owner_ != nullptr) owner_->engine().close(id_, now());
  forget();
}

void stream_impl::on_session_over(error_code why) {
  const bool told = owner_ != nullptr && owner_->over();
  if (owner_ != nullptr && !receive_end_ && why != asio::error::operation_aborted) keep_leftover();
  owner_ = nullptr;
  end_receive(why);
  end_send(why);
  if (told) tell_stop();
}

void stream_impl::forget() {
  stop_watcher_ = nullptr;
  leftover_.reset();
  if (owner_ != nullptr) {
    owner_->remove_stream(id_);
    owner_->changed();
  }
  on_session_over(asio::error::operation_aborted);
}

}  // namespace mtcp::detail
