// Whether more in flight is found to carry more: bridges whose acknowledgements are made here.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>

#include "mtcp/core/bridge/cap_search.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// Bridges that always send as much as their caps allow, over a way that takes `round_trip` once they have begun,
/// though their first frames took 40 ms, and that carries `rate` bytes per second of all together.
class way {
 public:
  way(int count, duration round_trip, double rate) : round_trip_(round_trip), rate_(rate) {
    for (bridge_id id = 1; id <= static_cast<bridge_id>(count); ++id) bridges.add(id);
    for (auto& [id, b] : bridges.live()) b.path.on_pong(40ms, now_);
  }

  void run(duration time) {
    for (const timestamp end = now_ + time; now_ < end; now_ += 1ms) {
      for (auto& [id, b] : bridges.live()) step(b);
    }
  }
  void become(duration round_trip) { round_trip_ = round_trip; }
  double carried(duration time) {
    const std::uint64_t before = delivered_;
    run(time);
    return static_cast<double>(delivered_ - before) / path_model::seconds(time);
  }

  timestamp now() const { return now_; }

  bridge_table bridges;
  cap_search search;

 private:
  static constexpr std::size_t frame = 2000;
  struct sent {
    bridge_state* on;
    rate_estimator::mark mark;
    timestamp arrives;
  };

  void step(bridge_state& b) {
    while (!under_way_.empty() && under_way_.front().arrives <= now_) {
      const sent one = under_way_.front();
      under_way_.pop_front();
      in_flight_[one.on->id] -= frame;
      delivered_ += frame;
      one.on->path.on_ack(frame, one.mark, 0ms, now_);
      search.advance(bridges, now_);
    }
    // The queue is the line's: what one bridge adds delays all.
    for (std::uint64_t& used = in_flight_[b.id]; used + frame <= b.path.cap(); used += frame) {
      busy_until_ = std::max(busy_until_, now_) + duration(static_cast<std::int64_t>(1e9 * frame / rate_));
      under_way_.push_back({&b, b.path.on_send(now_, used == 0), busy_until_ + round_trip_});
    }
    b.path.on_cap_limited();
  }

  duration round_trip_;
  double rate_;
  timestamp now_{1s};
  timestamp busy_until_{0};
  std::deque<sent> under_way_;
  std::map<bridge_id, std::uint64_t> in_flight_;
  std::uint64_t delivered_ = 0;
};

// The shortest round trip is forgotten after ten seconds, and would hide the fault then.
TEST(CapSearch, FindsAWayThatIsUsuallyLongerThanItsShortestRoundTrip) {
  way w(2, 80ms, 4e6);
  w.run(6s);
  EXPECT_GE(w.carried(2s), 0.95 * 4e6);
}

TEST(CapSearch, FindsAWayThatBecomesLongerOnceMore) {
  way w(2, 65ms, 4e6);
  w.run(30s);
  const double before = w.carried(2s);
  for (auto& [id, b] : w.bridges.live()) b.path.on_pong(40ms, 33s);
  w.become(85ms);
  for (int i = 0; i < 60; ++i) {
    w.run(1s);
    for (auto& [id, b] : w.bridges.live()) b.path.on_pong(40ms, w.now());
  }
  EXPECT_GE(w.carried(2s), 0.95 * before);
}

TEST(CapSearch, LeavesAQueueAlone) {
  way w(3, 40ms, 3e6);
  w.run(4s);
  double sum = 0;
  for (auto& [id, b] : w.bridges.live()) sum += static_cast<double>(b.path.rtt().smoothed().count()) * 1e-6;
  EXPECT_LT(sum / 3, 80) << "ms";
  for (auto& [id, b] : w.bridges.live()) EXPECT_FALSE(b.path.usual_is_longer());
}

TEST(CapSearch, GivesBackWhatWasTriedWhenABridgeGoes) {
  way w(1, 40ms, 3e6);
  w.run(200ms);
  bridge_state& b = *w.bridges.find(1);
  for (int i = 0; i < 5000 && b.path.rtt_usual() == b.path.rtt_found(); ++i) w.run(1ms);
  ASSERT_GT(b.path.rtt_usual(), b.path.rtt_found()) << "nothing was tried";
  w.search.disturb(w.bridges, 10s);
  EXPECT_EQ(b.path.rtt_usual(), b.path.rtt_found());
}

}  // namespace
}  // namespace mtcp::core::test
