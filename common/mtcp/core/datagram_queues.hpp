// Datagrams that wait, a queue for each association: bounded in bytes and in age, and served in turn, so that one that
// sends too much loses its own datagrams and not its neighbours'.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "mtcp/core/base/ring.hpp"
#include "mtcp/core/datagram.hpp"

namespace mtcp::core {

class datagram_queues {
 public:
  /// Bytes of one association, and of all. What has waited for longer than `age` is dropped.
  datagram_queues(std::size_t each, std::size_t all, duration age) : each_(each), all_(all), age_(age) {}

  /// False if there is no room: the new one is dropped, as at a router.
  bool push(stream_id id, datagram d, timestamp now) {
    const auto it = queues_.try_emplace(id).first;
    queue& q = it->second;
    expire(q, now);
    const std::size_t size = charge(d);
    const bool fits = q.bytes + size <= each_ && bytes_ + size <= all_;
    if (fits) {
      q.waiting.push_back({std::move(d), now});
      q.bytes += size;
      bytes_ += size;
    }
    if (q.waiting.empty()) queues_.erase(it);
    return fits;
  }

  bool has(stream_id id) const { return queues_.contains(id); }
  bool empty() const { return queues_.empty(); }
  /// Of all that waits, with what the memory for it costs.
  std::size_t bytes() const { return bytes_; }

  /// Takes the oldest of one association.
  std::optional<datagram> pop(stream_id id) {
    const auto it = queues_.find(id);
    if (it == queues_.end()) return {};
    std::optional<datagram> out(std::move(it->second.waiting.front().what));
    drop_front(it->second, charge(*out));
    if (it->second.waiting.empty()) queues_.erase(it);
    return out;
  }

  /// Whose turn it is, and its oldest; null if nothing waits. After pop_in_turn() it is the turn of the next.
  std::pair<stream_id, const datagram*> front(timestamp now) {
    while (!queues_.empty()) {
      auto it = queues_.upper_bound(served_);
      if (it == queues_.end()) it = queues_.begin();
      expire(it->second, now);
      if (!it->second.waiting.empty()) return {it->first, &it->second.waiting.front().what};
      queues_.erase(it);
    }
    return {0, nullptr};
  }
  std::optional<datagram> pop_in_turn(stream_id id) {
    served_ = id;
    return pop(id);
  }

  void erase(stream_id id) {
    const auto it = queues_.find(id);
    if (it == queues_.end()) return;
    bytes_ -= it->second.bytes;
    queues_.erase(it);
  }

 private:
  struct waiting_datagram {
    datagram what;
    timestamp since{0};
  };
  struct queue {
    ring<waiting_datagram> waiting;
    std::size_t bytes = 0;
  };

  /// An empty datagram is not free.
  static std::size_t charge(const datagram& d) {
    return d.payload.size() + d.peer.host.size() + sizeof(waiting_datagram);
  }
  void drop_front(queue& q, std::size_t size) {
    q.waiting.pop_front();
    q.bytes -= size;
    bytes_ -= size;
  }
  void expire(queue& q, timestamp now) {
    while (!q.waiting.empty() && now - q.waiting.front().since > age_) drop_front(q, charge(q.waiting.front().what));
  }

  std::size_t each_;
  std::size_t all_;
  duration age_;
  std::size_t bytes_ = 0;
  std::map<stream_id, queue> queues_;  // none of them empty
  stream_id served_ = 0;               // whose turn it was last
};

}  // namespace mtcp::core
