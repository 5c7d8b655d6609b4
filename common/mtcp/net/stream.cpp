#include "mtcp/net/stream.hpp"

namespace mtcp {

void stream::shutdown_send() {
  if (state_) state_->shutdown_send();
}

void stream::reset_send(core::reset_code code) {
  if (state_) state_->reset_send(code);
}

void stream::stop_receive(core::reset_code code) {
  if (state_) state_->stop_receive(code);
}

void stream::reset(core::reset_code code) {
  if (state_) state_->reset(code);
  state_.reset();
}

void stream::close() {
  if (state_) state_->close();
  state_.reset();
}

void stream::watch_stop(detail::stop_watcher* who) noexcept {
  if (state_) state_->watch_stop(who);
}

bool stream::peer_has_reset() const { return !state_ || state_->peer_has_reset(); }

void stream::cancel() {
  if (!state_) return;
  state_->cancel_read();
  state_->cancel_write();
}

}  // namespace mtcp
