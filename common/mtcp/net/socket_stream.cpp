#include "mtcp/net/socket_stream.hpp"

#include <boost/asio/socket_base.hpp>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/relay.hpp"

namespace mtcp {
namespace {

using wait_type = asio::socket_base;

std::size_t total(const std::vector<core::slice>& slices) {
  std::size_t size = 0;
  for (const core::slice& s : slices) size += s.size();
  return size;
}

/// By itself, since what was written before is sent first.
task<> reset_behind_bytes(tcp::socket socket) { co_await close_with_reset(socket); }

core::target local_end(const tcp::socket& socket) {
  error_code gone;
  const tcp::endpoint local = socket.local_endpoint(gone);
  return gone ? core::target{} : to_target({unmapped(local.address()), local.port()});
}

}  // namespace

stream stream_of(tcp::socket socket, core::target to, std::shared_ptr<stream_traffic> count) {
  return stream(std::make_unique<detail::socket_stream>(std::move(socket), std::move(to), std::move(count)));
}

namespace detail {

socket_stream::socket_stream(tcp::socket socket, core::target to, std::shared_ptr<stream_traffic> count)
    : socket_(std::move(socket)),
      executor_(socket_.get_executor()),
      target_(std::move(to)),
      bound_(local_end(socket_)),
      count_(count ? std::move(count) : std::make_shared<stream_traffic>()) {
  count_->reset = [this] { reset(core::reset_code::reset); };
}

// Without waiting for bytes to leave, since the event loop may be about to end.
socket_stream::~socket_stream() {
  const bool over = receive_end_ && send_end_ == asio::error::broken_pipe;  // nothing is cut short
  error_code ignored;
  if (!over && socket_.is_open()) socket_.set_option(wait_type::linger(true, 0), ignored);
  socket_.close(ignored);
  end_receive(asio::error::operation_aborted);
  end_send(asio::error::operation_aborted);
  count_->reset = nullptr;
}

// ---- reading ----

std::optional<io_result> socket_stream::try_read(const read_request& request) {
  if (read_done_) return io_result{asio::error::already_started};
  if (request.slices == nullptr && request.into.empty()) return io_result{};
  if (receive_end_) return io_result{receive_end_};
  return read(request);
}

std::optional<io_result> socket_stream::read(const read_request& request) {
  error_code error;
  std::size_t size = 0;
  if (request.slices != nullptr) {
    const std::size_t before = total(*request.slices);
    error = reader_.read(*request.slices);
    size = total(*request.slices) - before;
  } else {
    size = socket_.read_some(asio::buffer(request.into.data(), request.into.size()), error);
  }
  count_->down += size;
  if (size != 0) return io_result{{}, size};
  if (error == asio::error::would_block) return std::nullopt;
  if (error != asio::error::eof) peer_reset_ = true;
  receive_end_ = peer_reset_ ? error_code(asio::error::connection_reset) : error;
  return io_result{receive_end_};
}

void socket_stream::wait_read(const read_request& request, io_completion done) {
  reading_ = request;
  read_done_ = std::move(done);
  await_bytes();
}

void socket_stream::await_bytes() {
  if (std::exchange(awaits_bytes_, true)) return;
  socket_.async_wait(wait_type::wait_read, life_.guard([this](error_code) {
    awaits_bytes_ = false;
    on_readable();
  }));
}

void socket_stream::on_readable() {
  if (!read_done_) return;
  const auto got = read(reading_);
  if (!got) return await_bytes();
  std::exchange(read_done_, {})(got->error, got->size);
}

void socket_stream::cancel_read() {
  if (read_done_) std::exchange(read_done_, {})(asio::error::operation_aborted, 0);
}

// ---- writing ----

std::optional<io_result> socket_stream::try_write(write_request& request) {
  if (write_done_) return io_result{asio::error::already_started};
  if (send_end_) return io_result{send_end_};
  if (request.slices == nullptr && request.from.empty()) return io_result{};
  return write(request);
}

std::size_t socket_stream::write_some(write_request& request, error_code& error) {
  if (request.slices == nullptr)
    return socket_.write_some(asio::buffer(request.from.data(), request.from.size()), error);
  const std::size_t before = total(*request.slices);
  error = write_slices(socket_, *request.slices);
  return before - total(*request.slices);
}

std::optional<io_result> socket_stream::write(write_request& request) {
  error_code error;
  const std::size_t size = write_some(request, error);
  count_->up += size;
  request.taken += size;
  if (error && error != asio::error::would_block) {
    // Linux says "broken pipe" if an end of file came before the reset: that one still counts.
    if (error != asio::error::broken_pipe) peer_reset_ = true;
    send_end_ = asio::error::connection_reset;
    return io_result{send_end_, request.taken};
  }
  const bool is_over = request.slices == nullptr ? size != 0 : request.slices->empty();
  if (is_over) return io_result{{}, request.taken};
  return std::nullopt;
}

void socket_stream::wait_write(const write_request& request, io_completion done) {
  writing_ = request;
  write_done_ = std::move(done);
  await_room();
}

void socket_stream::await_room() {
  if (std::exchange(awaits_room_, true)) return;
  socket_.async_wait(wait_type::wait_write, life_.guard([this](error_code) {
    awaits_room_ = false;
    on_writable();
  }));
}

void socket_stream::on_writable() {
  if (!write_done_) return;
  const auto put = write(writing_);
  if (!put) return await_room();
  std::exchange(write_done_, {})(put->error, put->size);
}

void socket_stream::cancel_write() {
  if (write_done_) std::exchange(write_done_, {})(asio::error::operation_aborted, writing_.taken);
}

// ---- ends ----

void socket_stream::end_receive(error_code why) {
  if (!receive_end_) receive_end_ = why;
  if (read_done_) std::exchange(read_done_, {})(receive_end_, 0);
}

void socket_stream::end_send(error_code why) {
  if (!send_end_) send_end_ = why;
  if (write_done_) std::exchange(write_done_, {})(send_end_, writing_.taken);
}

void socket_stream::shutdown_send() {
  if (send_end_) return;
  error_code ignored;
  socket_.shutdown(wait_type::shutdown_send, ignored);
  end_send(asio::error::broken_pipe);
}

void socket_stream::reset_send(core::reset_code) {
  resets_ = true;
  if (send_end_ == asio::error::broken_pipe) send_end_ = {};
  end_send(asio::error::operation_aborted);
  if (receive_end_) let_go();
}

void socket_stream::stop_receive(core::reset_code) {
  end_receive(asio::error::operation_aborted);
  if (resets_ && send_end_) let_go();
}

void socket_stream::reset(core::reset_code) {
  resets_ = true;
  end_receive(asio::error::operation_aborted);
  end_send(asio::error::operation_aborted);
  was_reset_ = true;
  if (stop_watcher_ != nullptr) stop_watcher_->on_stop();  // it may wait for its other end alone
  let_go();
}

void socket_stream::close() {
  shutdown_send();
  end_receive(asio::error::operation_aborted);
  let_go();
}

/// Both directions are over.
void socket_stream::let_go() {
  if (!socket_.is_open()) return;
  error_code ignored;
  stop_watcher_ = nullptr;
  if (resets_ && !peer_reset_) {
    spawn(executor_, reset_behind_bytes(std::move(socket_)));
  } else {
    socket_.close(ignored);
  }
}

// ---- the peer's reset while nobody reads ----

void socket_stream::watch_stop(stop_watcher* who) noexcept {
  stop_watcher_ = who;
  if (who != nullptr && socket_.is_open()) await_error();
}

void socket_stream::await_error() {
  if (std::exchange(awaits_error_, true)) return;
  socket_.async_wait(wait_type::wait_error, life_.guard([this](error_code error) {
    awaits_error_ = false;
    if (error || stop_watcher_ == nullptr) return;
    if (!platform::is_broken(socket_)) return await_error();  // urgent data, or both directions have ended well
    peer_reset_ = true;
    stop_watcher_->on_stop();
  }));
}

}  // namespace detail

}  // namespace mtcp
