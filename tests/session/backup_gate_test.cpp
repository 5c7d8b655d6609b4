#include "mtcp/session/backup_gate.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

/// Looks every 25 ms at active bridges that carry so much.
class BackupGate : public testing::Test {
 protected:
  BackupGate() {
    seen.present = seen.active = seen.backups = 1;
    seen.full = true;
    pass(4s, 6e6);
  }
  /// True if it is open afterwards. `rate` in bytes per second, of which TCP sends that share twice.
  bool pass(core::duration time, double rate, double lost = 0) {
    for (const core::timestamp end = now + time; now < end;) {
      now += backup_gate::interval;
      const double bytes = rate * 0.025;
      seen.delivered += static_cast<std::uint64_t>(bytes);
      seen.tcp_sent += static_cast<std::uint64_t>(bytes / (1 - lost));
      seen.tcp_resent += static_cast<std::uint64_t>(bytes / (1 - lost) * lost);
      gate.look(now, seen);
      changes += gate.open() != was_open ? 1 : 0;
      was_open = gate.open();
    }
    return gate.open();
  }

  core::timestamp now{1h};
  core::active_load seen;
  backup_gate gate;
  int changes = 0;
  bool was_open = false;
};

TEST_F(BackupGate, StaysClosedWhileAllIsWell) {
  EXPECT_FALSE(pass(60s, 6e6));
  EXPECT_FALSE(pass(10s, 1.5e6)) << "a quarter of what was usual";
  EXPECT_EQ(changes, 0);
}

TEST_F(BackupGate, OpensWithinTwoSecondsAtLessThanATenthOfTheUsualRate) { EXPECT_TRUE(pass(2s, 0.5e6)); }

TEST_F(BackupGate, DoesNotOpenWhereLittleIsToBeSent) {
  seen.full = false;
  EXPECT_FALSE(pass(30s, 0.1e6));
}

TEST_F(BackupGate, TakesARateThatRisesForSlowStart) {
  for (double rate = 1e3; rate < 6e6; rate *= 2) EXPECT_FALSE(pass(backup_gate::window, rate)) << rate;
}

TEST_F(BackupGate, OpensWhereAThirdIsLost) {
  EXPECT_FALSE(pass(5s, 6e6, 0.1));
  EXPECT_FALSE(pass(5s, 6e6, 0.25)) << "between the bounds nothing changes";
  EXPECT_TRUE(pass(2s, 6e6, 0.35));
  EXPECT_TRUE(pass(20s, 6e6, 0.2)) << "here neither";
  EXPECT_FALSE(pass(10s, 6e6, 0.01));
}

TEST_F(BackupGate, LooksAtLossesAlsoWhereLittleIsSent) {
  seen.full = false;
  EXPECT_TRUE(pass(2s, 0.1e6, 0.35));
}

TEST_F(BackupGate, OpensAtOnceWhenAllAreSuspect) {
  seen.suspects = 1;
  EXPECT_TRUE(pass(25ms, 0));
  seen.suspects = 0;
  EXPECT_TRUE(pass(2s, 6e6)) << "and waits for more than a sign of life";
  EXPECT_FALSE(pass(3s, 6e6));
}

TEST_F(BackupGate, ClosesWithinTenSecondsOfRecovery) {
  ASSERT_TRUE(pass(5s, 0.1e6));
  EXPECT_FALSE(pass(4s, 6e6)) << "soon, where it is proven";
  ASSERT_TRUE(pass(5s, 0.1e6));
  seen.full = false;
  EXPECT_TRUE(pass(5s, 0.001e6)) << "later, where nobody knows";
  EXPECT_FALSE(pass(5s, 0.001e6));
}

TEST_F(BackupGate, DoesNotFollowALineThatFlaps) {
  for (int i = 0; i < 20; ++i) {
    pass(2s, 0.1e6);
    pass(2s, 6e6);
  }
  EXPECT_EQ(changes, 1);
  EXPECT_FALSE(pass(10s, 6e6));
}

TEST_F(BackupGate, WaitsLongerWhenItHasClosedTooEarly) {
  for (int i = 0; i < 10; ++i) {
    pass(2s, 0.1e6);
    pass(4s, 6e6);
  }
  EXPECT_LE(changes, 4);
  EXPECT_FALSE(pass(10s, 6e6));
}

TEST_F(BackupGate, KnowsOfLimits) {
  seen.rate_limit = 400'000;
  EXPECT_FALSE(pass(30s, 0.4e6)) << "it carries what it may";
}

TEST_F(BackupGate, HasNothingToSayWithoutActiveOnesOrBackups) {
  ASSERT_TRUE(pass(5s, 0.1e6));
  seen.backups = 0;
  EXPECT_FALSE(pass(25ms, 0.1e6));
  EXPECT_FALSE(pass(5s, 0.1e6));
  seen.backups = 1;
  seen.present = seen.active = 0;
  EXPECT_FALSE(pass(5s, 0));
}

// Backups leave the active bridges room now and then, and packets arrive: that says nothing of their rate.
TEST_F(BackupGate, StaysOpenWhereTheActiveBridgesAreFullNowAndThen) {
  ASSERT_TRUE(pass(2s, 0.5e6));
  for (int i = 0; i < 200; ++i) {
    seen.full = i % 4 == 0;
    EXPECT_TRUE(pass(100ms, 0.5e6)) << i;
  }
}

}  // namespace
}  // namespace mtcp::test
