// Which bridge a byte should take.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "core/carry_frames.hpp"
#include "mtcp/core/bridge/bridge_ranking.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// Bridges whose rate only the kernel knows: 10 MB/s, 20 ms away, or as is told.
struct BridgeRanking : testing::Test {
  bridge_state& add(bridge_id id, duration rtt = 20ms, const bridge_options& options = {}) {
    bridge_state& b = *bridges.add(id);
    b.begin(options, role::client);
    b.on_tcp_info({.srtt = rtt, .congestion_window = static_cast<std::uint64_t>(rtt / 1ms) * 10'000}, 1s);
    b.received.on_heard(1s);
    return b;
  }
  std::vector<bridge_id> order() {
    ranking.rank(bridges);
    const auto ids = ranking.order();
    return {ids.begin(), ids.end()};
  }

  /// What it can carry is known from now on: ten rounds of it, at so many bytes per millisecond.
  static void settle(bridge_state& b, std::uint64_t bytes, duration rtt) {
    timestamp now = 1s;
    carry_frames(b.path, now, 11 * rtt, bytes, rtt);
  }
  void look() {
    order();
    ranking.find_hindrances(now += 5ms);
  }

  timestamp now = 3s;
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
  bridge_state& backup = add(1, 10ms, {.role = path_role::backup});
  add(2, 50ms);
  EXPECT_EQ(order(), (ids{2, 1}));
  EXPECT_FALSE(backup.usable);
  bridges.lose(2);
  order();
  EXPECT_TRUE(backup.usable);
}

TEST_F(BridgeRanking, AnOverflowIsABackupUntilItIsAdmitted) {
  bridge_state& overflow = add(1, 10ms, {.role = path_role::overflow});
  bridge_state& active = add(2, 50ms);
  EXPECT_EQ(order(), (ids{2, 1}));
  EXPECT_FALSE(overflow.usable);
  ranking.admit(path_role::overflow, true);
  EXPECT_EQ(order(), (ids{2, 1})) << "it takes what is left";
  EXPECT_TRUE(overflow.usable && active.usable);
  EXPECT_TRUE(overflow.helps);
  EXPECT_FALSE(ranking.good_for_little(overflow, true, 1s)) << "messages need no way that costs money";
  EXPECT_TRUE(ranking.good_for_little(active, true, 1s));
  EXPECT_FALSE(ranking.good_for_copy(overflow, active.options.path + 1, 1s));
  bridges.lose(2);
  order();
  EXPECT_TRUE(overflow.usable);
  EXPECT_FALSE(overflow.helps);
  EXPECT_TRUE(ranking.good_for_little(overflow, true, 1s));
}

TEST_F(BridgeRanking, AnOverflowThatRestsCarriesNoControlFrames) {
  bridge_state& overflow = add(1, 10ms, {.role = path_role::overflow});
  add(2, 50ms);
  order();
  EXPECT_TRUE(ranking.good_for_little(overflow, false, 1s)) << "the peer uses it: perhaps nothing else gets through";
  EXPECT_FALSE(ranking.good_for_little(overflow, false, 3s));
  bridges.lose(2);
  order();
  EXPECT_TRUE(ranking.good_for_little(overflow, false, 3s));
}

TEST_F(BridgeRanking, AnAdmittedBackupCarriesMessagesAsWell) {
  bridge_state& backup = add(1, 10ms, {.role = path_role::backup});
  add(2, 50ms);
  ranking.admit(path_role::backup, true);
  EXPECT_EQ(order(), (ids{2, 1}));
  EXPECT_TRUE(backup.helps);
  EXPECT_TRUE(ranking.good_for_little(backup, true, 1s));
  ranking.admit(path_role::backup, false);
  order();
  EXPECT_FALSE(backup.usable);
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

TEST_F(BridgeRanking, ABridgeHindersThatBringsLateWhatIsNextToNothing) {
  bridge_state& quick = add(1, 20ms);
  bridge_state& slow = add(2, 400ms);
  slow.on_tcp_info({.srtt = 400ms, .congestion_window = 4'000}, 1s);
  look();
  EXPECT_FALSE(quick.hinders || slow.hinders) << "nothing is known of them";
  settle(quick, 5'000, 20ms);
  settle(slow, 10, 400ms);
  look();
  EXPECT_FALSE(quick.hinders);
  EXPECT_TRUE(slow.hinders);
  bridges.lose(1);
  look();
  EXPECT_FALSE(slow.hinders) << "there is no other one";
}

TEST_F(BridgeRanking, ANewBridgeOfAPathThatHindersWaitsWhileThereIsABetterOne) {
  bridge_state& quick = add(1, 20ms, {.path = 1});
  bridge_state& slow = add(2, 400ms, {.path = 2});
  settle(quick, 5'000, 20ms);
  slow.chance.on_hindrance(1s);
  const second_chance known = bridges.chance_on(2);
  bridge_state& fresh = add(3, 400ms, {.path = 2});
  fresh.chance = known;
  look();
  EXPECT_TRUE(fresh.hinders);
  bridges.lose(1);
  look();
  EXPECT_FALSE(fresh.hinders) << "or nothing would be carried at all";
}

TEST_F(BridgeRanking, AnActiveBridgeDoesNotHinderBackups) {
  bridge_state& active = add(1, 400ms);
  bridge_state& backup = add(2, 20ms, {.role = path_role::backup});
  ranking.admit(path_role::backup, true);
  active.on_tcp_info({.srtt = 400ms, .congestion_window = 4'000}, 1s);
  settle(active, 10, 400ms);
  settle(backup, 5'000, 20ms);
  look();
  EXPECT_FALSE(active.hinders) << "a backup carries what it leaves, and costs money";
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
