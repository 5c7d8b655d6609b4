// Streams that the server has opened and that wait for the client's answer, each for so long and no longer: their
// connections have been accepted, and may come faster than anybody answers, or while no bridge is up. Pure.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "mtcp/types.hpp"

namespace mtcp {

class unanswered {
 public:
  /// Longer than a client takes to find out that it does not reach a destination.
  static constexpr core::duration patience = std::chrono::seconds(30);

  void add(core::stream_id id, core::timestamp now) { waiting_.push_back({id, now + patience}); }

  /// Calls `give_up(id)` for each that has waited for too long; `waits(id)` says whether one still does.
  template <class Waits, class GiveUp>
  void expire(core::timestamp now, Waits waits, GiveUp give_up) {
    while (!waiting_.empty()) {
      const auto [id, until] = waiting_.front();
      const bool still = waits(id);
      if (still && until > now) return;
      waiting_.pop_front();
      if (still) give_up(id);
    }
  }
  /// When to expire() next.
  std::optional<core::timestamp> next() const {
    if (waiting_.empty()) return {};
    return waiting_.front().until;
  }

 private:
  struct entry {
    core::stream_id id;
    core::timestamp until;
  };
  std::deque<entry> waiting_;  // all wait equally long, so the oldest is the first to give up
};

}  // namespace mtcp
