// The streams of a tunnel: those that exist, the ids that were used, and how much memory they hold.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

#include "mtcp/core/base/range_set.hpp"
#include "mtcp/core/stream/stream_state.hpp"

namespace mtcp::core {

class stream_table {
 public:
  explicit stream_table(role mine) : mine_(mine) {}

  stream_state* find(stream_id id) {
    const auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : it->second.get();
  }
  const stream_state* find(stream_id id) const { return const_cast<stream_table*>(this)->find(id); }

  stream_state& create(stream_id id) {
    auto made = std::make_unique<stream_state>();
    made->id = id;
    made->ours = is_ours(id);
    made->counted = !made->ours;
    if (!made->ours) {
      ++peers_;
      ++counted_;
    }
    return *streams_.emplace(id, std::move(made)).first->second;
  }
  void erase(stream_state& s) {
    send_memory_ -= s.send.memory();
    receive_memory_ -= s.receive.memory();
    held_ -= s.receive.held();
    if (!s.ours) --peers_;
    streams_.erase(s.id);
  }

  std::size_t size() const { return streams_.size(); }
  bool empty() const { return streams_.empty(); }
  auto begin() const { return streams_.begin(); }
  auto end() const { return streams_.end(); }

  // ---- ids ----

  /// The server opens streams too. Before there is any.
  void share_ids() {
    step_ = 2;
    next_ = mine_ == role::client ? 1 : 2;
  }
  /// The id is one that this end gives to streams.
  bool is_ours(stream_id id) const {
    const bool clients = step_ == 1 || id % 2 == 1;
    return clients == (mine_ == role::client);
  }
  /// The id of the next stream that this end opens.
  stream_id take_id() { return std::exchange(next_, next_ + step_); }
  /// This end has opened a stream of this id.
  bool was_opened(stream_id id) const { return is_ours(id) && id != 0 && id < next_; }
  /// Of the peer's ids: a frame has named it before.
  bool was_seen(stream_id id) const { return seen_.contains(id / step_); }
  void see(stream_id id) { seen_.insert(id / step_); }
  /// Runs of the peer's ids that were seen, each following the one before.
  std::size_t seen_ranges() const { return seen_.range_count(); }

  // ---- the limit of streams ----

  /// Of streams that this end has opened, and that the peer has.
  std::size_t of_ours() const { return streams_.size() - peers_; }
  std::size_t of_peer() const { return peers_; }
  /// Of the peer's those that it cannot have forgotten.
  std::size_t counted() const { return counted_; }
  /// The peer may have forgotten this one. It opens another stream as soon as one is over at its own end; here that one
  /// lingers while its last acknowledgement is on the way, or while its program has not read to the end.
  void uncount(stream_state& s) {
    if (std::exchange(s.counted, false)) --counted_;
  }

  // ---- memory ----

  /// Runs `change` on the sending half of the stream and keeps the totals right.
  template <class Change>
  void sending(stream_state& s, Change change) {
    send_memory_ -= s.send.memory();
    change(s.send);
    send_memory_ += s.send.memory();
  }
  /// The same for the receiving half.
  template <class Change>
  void receiving(stream_state& s, Change change) {
    receive_memory_ -= s.receive.memory();
    held_ -= s.receive.held();
    change(s.receive);
    receive_memory_ += s.receive.memory();
    held_ += s.receive.held();
  }
  std::size_t send_memory() const { return send_memory_; }        ///< written, not acknowledged
  std::size_t receive_memory() const { return receive_memory_; }  ///< received, not read
  std::size_t held() const { return held_; }                      ///< bytes received behind a hole

 private:
  role mine_;
  std::unordered_map<stream_id, std::unique_ptr<stream_state>> streams_;
  std::size_t peers_ = 0;
  std::size_t counted_ = 0;
  stream_id next_ = 1;
  stream_id step_ = 1;
  range_set seen_;
  std::size_t send_memory_ = 0;
  std::size_t receive_memory_ = 0;
  std::size_t held_ = 0;
};

}  // namespace mtcp::core
