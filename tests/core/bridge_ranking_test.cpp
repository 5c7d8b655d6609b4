// Which bridge a byte should take.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "mtcp/core/bridge/bridge_ranking.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// Bridges whose rate only the kernel knows: 10 MB/s, 20 ms away, or as is told.
struct BridgeRanking : testing::Test {
  bridge_state& add(bridge_id id, duration rtt = 20ms, const bridge_options& options = {}) {
    bridge_state& b = *bridges.add(id);
    b.set_options(options);
    b.on_tcp_info({.srtt = rtt, .congestion_window = static_cast<std::uint64_t>(rtt / 1ms) * 10'000}, 1s);
    b.received.on_heard(1s);
    return b;
  }
  std::vector<bridge_id> order() {
    ranking.rank(bridges);
    const auto ids = ranking.order();
    return {ids.begin(), ids.end()};
  }

  bridge_table bridges;
  bridge_ranking ranking{role::client};
};

using ids = std::vector<bridge_id>;

TEST_F(BridgeRanking, TheNearestIsTheFirst) {
  add(1, 50ms);
  add(2, 10ms);
  add(3, 30ms);
  EXPECT_EQ(order(), (ids{2, 3, 1}));
}

TEST_F(BridgeRanking, ABackupIsUsedOnlyWhenNothingElseIs) {
  bridge_state& backup = add(1, 10ms, {.backup = true});
  add(2, 50ms);
  EXPECT_EQ(order(), (ids{2, 1}));
  EXPECT_FALSE(backup.usable);
  bridges.lose(2);
  order();
  EXPECT_TRUE(backup.usable);
}

TEST_F(BridgeRanking, ABridgeOfTheOtherDirectionCarriesNoStreams) {
  bridge_state& down = add(1, 20ms, {.carries = bridge_options::direction::down});
  bridge_state& up = add(2, 20ms, {.carries = bridge_options::direction::up});
  order();
  EXPECT_FALSE(down.usable);
  EXPECT_TRUE(up.usable);
  EXPECT_TRUE(ranking.good_for_little(down, false, 1s)) << "control frames go everywhere";
  EXPECT_FALSE(ranking.good_for_little(down, true, 1s));
}

TEST_F(BridgeRanking, ASuspectIsSidelinedWhileThereIsAnother) {
  bridge_state& suspect = add(1);
  add(2);
  suspect.progress.suspect(1s);
  order();
  EXPECT_TRUE(suspect.sidelined);
  EXPECT_FALSE(suspect.usable);
  bridges.lose(2);
  order();
  EXPECT_TRUE(suspect.usable);
}

TEST_F(BridgeRanking, AFarBridgeTakesPartOfALongBacklogOnly) {
  add(1, 10ms);
  bridge_state& far = add(2, 200ms);
  order();
  EXPECT_FALSE(ranking.may_take(far, 100e3));
  EXPECT_TRUE(ranking.may_take(far, 100e6));
  EXPECT_FALSE(ranking.good_for_little(far, true, 1s));
}

TEST_F(BridgeRanking, WhoHasMuchInFlightMovesBack) {
  bridge_state& busy = add(1);
  add(2);
  ASSERT_EQ(order(), (ids{1, 2}));
  sent_frame frame;
  busy.flight.add(frame, 2'000'000, 2'000'000);
  busy.flight.on_sent(2'000'000);
  ranking.rerank(busy);
  EXPECT_EQ(ranking.ranks().front().bridge->id, 2U);
}

TEST_F(BridgeRanking, ABridgeThatWasNotHeardFromIsTrustedLess) {
  bridge_state& quiet = add(1);
  bridge_state& heard = add(2);
  order();
  EXPECT_TRUE(ranking.good_for_little(quiet, true, 1s));
  heard.received.on_heard(1s + 100ms);
  EXPECT_FALSE(ranking.good_for_little(quiet, true, 1s + 100ms));
}

}  // namespace
}  // namespace mtcp::core::test
