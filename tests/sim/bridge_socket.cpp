#include "sim/bridge_socket.hpp"
#include "mtcp/session/outcome.hpp"

#include <utility>

namespace mtcp::sim {

// ---- from the network ----

void bridge_socket::delivered(core::slice bytes) {
  if (closed_) return;
  std::vector<core::slice> pieces;
  if (max_cuts_ > 0) {
    for (std::size_t cuts = chance_.between(0, max_cuts_); cuts > 0 && bytes.size() > 1; --cuts) {
      const std::size_t size = chance_.between(1, bytes.size() - 1);
      pieces.push_back(bytes.prefix(size));
      bytes.remove_prefix(size);
    }
  }
  pieces.push_back(std::move(bytes));
  session_->receive(id_, pieces, events_.now());
}

void bridge_socket::writable() {
  if (closed_) return;
  flush();
  if (!waits_for_room_ || pending() || out().room() == 0) return;
  waits_for_room_ = false;
  session_->on_room(id_);
}

void bridge_socket::lost(const char*) {
  if (closed_) return;
  if (bridge* above = session_->find_bridge(id_)) above->close(connection_reset());
  close();
}

// ---- from the session ----

error_code bridge_socket::write(std::span<const core::byte_piece> frames) {
  for (const core::byte_piece& piece : frames) rest_.insert(rest_.end(), piece.begin(), piece.end());
  flush();
  return {};
}

// What is sent at once makes room, and the connection tells of that before it has said how much it took.
void bridge_socket::flush() {
  if (rest_.empty() || std::exchange(flushes_, true)) return;
  do {
    const std::size_t taken = out().write(rest_);
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(taken));
  } while (!rest_.empty() && out().room() > 0);
  flushes_ = false;
}

// A connection tells that it takes bytes again only if it was asked when it did not.
void bridge_socket::await_room() {
  waits_for_room_ = true;
  if (!pending() && out().room() > 0) events_.at(events_.now(), [this] { writable(); });
}

void bridge_socket::close() {
  if (std::exchange(closed_, true)) return;
  carrier_.abort(side_);
  events_.at(events_.now(), closed_handler_);
}

}  // namespace mtcp::sim
