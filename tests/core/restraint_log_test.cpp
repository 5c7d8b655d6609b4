// What is told of moments in which a bridge was left out.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "core/engine_pair.hpp"
#include "mtcp/core/bridge/restraint_log.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

timestamp note_for(restraint_log& log, restraint why, duration time, timestamp now) {
  for (const timestamp end = now + time; now < end; now += 10ms) log.note(why, now);
  return now;
}

TEST(RestraintLog, TellsWhatHeldForMostOfTheLastSecond) {
  restraint_log log;
  timestamp now = 100s;
  for (int i = 0; i < 150; ++i, now += 10ms) log.note(i % 3 == 0 ? restraint::none : restraint::later, now);
  EXPECT_EQ(log.mostly(now), restraint::later);
  now = note_for(log, restraint::rate_limit, 2s, now);
  EXPECT_EQ(log.mostly(now), restraint::rate_limit);
  now = note_for(log, restraint::none, 2s, now);
  EXPECT_EQ(log.mostly(now), restraint::none);
}

TEST(RestraintLog, KnowsNothingUntilASecondHasPassed) {
  restraint_log log;
  const timestamp now = note_for(log, restraint::later, 900ms, 100s);
  EXPECT_EQ(log.mostly(now), restraint::none);
}

TEST(RestraintLog, ForgetsWhenNothingIsToBeSentAnyMore) {
  restraint_log log;
  const timestamp now = note_for(log, restraint::later, 3s, 100s);
  EXPECT_EQ(log.mostly(now), restraint::later);
  EXPECT_EQ(log.mostly(now + 3s), restraint::none);
  log.note(restraint::none, now + 60s);
  EXPECT_EQ(log.mostly(now + 60s), restraint::none) << "a minute of silence was no minute of restraint";
}

/// The server sends for a while, all of which the client reads.
restraint restraint_after_download(engine_pair& pair, bridge_id of) {
  pair.download(pair.open(), 3s);
  return pair.server.restraint_of(of, pair.now);
}

TEST(Restraint, IsTheRateLimitOfAPathThatHasOne) {
  engine_pair pair({}, 0);
  const bridge_id limited = pair.add_bridge({.rate_limit = 1'000'000});
  EXPECT_EQ(restraint_after_download(pair, limited), restraint::rate_limit);
  pair.run(5s);
  EXPECT_EQ(pair.server.restraint_of(limited, pair.now), restraint::none) << "nothing is to be sent any more";
}

TEST(Restraint, IsTheRoleOfAPathThatIsNotNeeded) {
  engine_pair pair({}, 1);
  const bridge_id backup = pair.add_bridge({.role = path_role::backup});
  const bridge_id overflow = pair.add_bridge({.role = path_role::overflow});
  EXPECT_EQ(restraint_after_download(pair, backup), restraint::backup);
  EXPECT_EQ(pair.server.restraint_of(overflow, pair.now), restraint::overflow);
  EXPECT_EQ(pair.server.restraint_of(1, pair.now), restraint::none);
  EXPECT_EQ(pair.client.restraint_of(1, pair.now), restraint::none);
  EXPECT_EQ(pair.client.restraint_of(99, pair.now), restraint::none) << "there is no such bridge";
}

TEST(Restraint, IsThatOthersWouldDeliverSooner) {
  engine_pair pair({}, 2);
  const stream_id id = pair.open();
  for (int i = 0; i < 30; ++i) {  // what the second bridge carries takes 100 ms
    pair.hold(2);
    pair.download(id, 100ms);
    pair.release(2);
  }
  EXPECT_EQ(pair.server.restraint_of(2, pair.now), restraint::later);
  EXPECT_EQ(pair.server.restraint_of(1, pair.now), restraint::none);
}

TEST(Restraint, IsNoneOfABridgeThatThePeerUses) {
  engine_pair pair({}, 0);
  const bridge_id backup = pair.add_bridge({.role = path_role::backup});
  pair.download(pair.open(), 1s);
  pair.add_bridge();
  EXPECT_EQ(pair.client.restraint_of(backup, pair.now), restraint::none) << "a moment ago it brought the download";
  pair.run(2s);
  EXPECT_EQ(pair.client.restraint_of(backup, pair.now), restraint::backup);
}

}  // namespace
}  // namespace mtcp::core::test
