#include "direct_connections.hpp"

#include <chrono>
#include <map>
#include <utility>
#include <vector>

namespace mtcp::client {

struct direct_connections::state {
  std::map<std::uint64_t, entry*> open;
  std::uint64_t last_id = 0;
  direct_snapshot ended{};  // counters, without what is open
};

struct direct_connections::entry : stream_traffic {
  entry(std::shared_ptr<state> s, core::target t) : of(std::move(s)), id(++of->last_id), to(std::move(t)) {
    of->open.emplace(id, this);
  }
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;
  ~entry() {
    of->open.erase(id);
    of->ended.bytes_up += up;
    of->ended.bytes_down += down;
  }

  std::shared_ptr<state> of;
  std::uint64_t id;
  core::target to;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

direct_connections::direct_connections() : state_(std::make_shared<state>()) {}
direct_connections::~direct_connections() = default;

std::shared_ptr<stream_traffic> direct_connections::add(core::target to) {
  return std::make_shared<entry>(state_, std::move(to));
}

void direct_connections::datagram_up(std::size_t bytes) {
  ++state_->ended.datagrams_total;
  state_->ended.bytes_up += bytes;
}

void direct_connections::datagram_down(std::size_t bytes) {
  ++state_->ended.datagrams_total;
  state_->ended.bytes_down += bytes;
}

void direct_connections::blocked_connection() { ++state_->ended.blocked_connections_total; }
void direct_connections::blocked_datagram() { ++state_->ended.blocked_datagrams_total; }

bool direct_connections::reset(std::uint64_t id) {
  const auto found = state_->open.find(id);
  if (found == state_->open.end() || !found->second->reset) return false;
  found->second->reset();
  return true;
}

void direct_connections::reset_all() {
  for (const auto& [id, one] : state_->open)
    if (one->reset) one->reset();
}

direct_snapshot direct_connections::snapshot() const {
  direct_snapshot out = state_->ended;
  out.connections_total = state_->last_id;
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [id, one] : state_->open) {
    out.bytes_up += one->up;
    out.bytes_down += one->down;
    out.open.push_back(
        {.id = id, .to = one->to, .bytes_up = one->up, .bytes_down = one->down, .age = now - one->since});
  }
  return out;
}

}  // namespace mtcp::client
