#include "mtcp/stream.hpp"

#include "mtcp/net/stream_backend.hpp"

namespace mtcp {

namespace detail {

executor executor_of(const stream_backend& self) { return self.get_executor(); }
std::optional<io_result> try_read(stream_backend& self, const read_request& request) { return self.try_read(request); }
std::optional<io_result> try_write(stream_backend& self, write_request& request) { return self.try_write(request); }
void wait_read(stream_backend& self, const read_request& request, io_completion done) {
  self.wait_read(request, std::move(done));
}
void wait_write(stream_backend& self, const write_request& request, io_completion done) {
  self.wait_write(request, std::move(done));
}
void cancel_read(stream_backend& self) { self.cancel_read(); }
void cancel_write(stream_backend& self) { self.cancel_write(); }

}  // namespace detail

// Where the state is a complete type.
stream::stream() noexcept = default;
stream::stream(std::unique_ptr<detail::stream_backend> impl) noexcept : impl_(std::move(impl)) {}
stream::stream(stream&&) noexcept = default;
stream& stream::operator=(stream&&) noexcept = default;
stream::~stream() = default;

executor stream::get_executor() const noexcept { return impl_->get_executor(); }
core::stream_id stream::id() const noexcept { return impl_->id(); }
const core::target& stream::target() const noexcept { return impl_->target(); }
const core::target& stream::bound() const noexcept { return impl_->bound(); }
const core::target& stream::source() const noexcept { return impl_->source(); }
std::size_t stream::writable() const { return impl_ ? impl_->writable() : 0; }

void stream::shutdown_send() {
  if (impl_) impl_->shutdown_send();
}

void stream::reset_send(core::reset_code code) {
  if (impl_) impl_->reset_send(code);
}

void stream::stop_receive(core::reset_code code) {
  if (impl_) impl_->stop_receive(code);
}

void stream::reset(core::reset_code code) {
  if (impl_) impl_->reset(code);
  impl_.reset();
}

void stream::close() {
  if (impl_) impl_->close();
  impl_.reset();
}

void stream::watch_stop(detail::stop_watcher* who) noexcept {
  if (impl_) impl_->watch_stop(who);
}

bool stream::peer_has_reset() const { return !impl_ || impl_->peer_has_reset(); }

void stream::cancel() {
  if (!impl_) return;
  impl_->cancel_read();
  impl_->cancel_write();
}

}  // namespace mtcp
