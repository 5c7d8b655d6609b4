#include "mtcp/net/relay/relay_watch.hpp"

#include <boost/asio/socket_base.hpp>
#include <utility>

#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/asio/reset.hpp"
#include "mtcp/net/platform/platform.hpp"

namespace mtcp::detail {

/// Few relays ever need it.
struct relay_watch::waiting {
  explicit waiting(const executor& where) : clock(where) {}
  timer clock;
  lifeline life;
};

relay_watch::relay_watch(stream& remote, tcp::socket& local, std::chrono::milliseconds patience)
    : remote_(remote), local_(local), patience_(patience) {
  remote_.watch_stop(this);
}

relay_watch::~relay_watch() { remote_.watch_stop(nullptr); }

relay_watch::waiting& relay_watch::wait() {
  if (!waiting_) waiting_ = std::make_unique<waiting>(local_.get_executor());
  return *waiting_;
}

// Once for all: the wait goes on while the socket is read again.
void relay_watch::watch_local() {
  if (std::exchange(watches_local_, true)) return;
  local_.async_wait(asio::socket_base::wait_error, wait().life.guard([this](error_code error) {
    if (!error) on_local_error();
  }));
}

// Goes on if it was urgent data, or both directions have ended well.
void relay_watch::on_local_error() {
  if (!platform::is_broken(local_)) {
    watches_local_ = false;
    return watch_local();
  }
  local_reset_ = true;
  look_later();
}

void relay_watch::on_stop() { look_later(); }

void relay_watch::look_later() {
  if (std::exchange(looks_, true)) return;
  moves_seen_ = moves_;
  waiting& w = wait();
  w.clock.expires_after(patience_);
  w.clock.async_wait(w.life.guard([this](error_code error) {
    looks_ = false;
    if (!error) look();
  }));
}

void relay_watch::look() {
  if (moves_ != moves_seen_ || !one_is_gone()) return look_later();
  remote_.reset_send();
  remote_.stop_receive();
  reset(local_);  // wakes both directions
}

}  // namespace mtcp::detail
