// Small messages that go out on a second path as well.
#include <gtest/gtest.h>

#include <string>

#include "core/engine_pair.hpp"

namespace mtcp::core::test {
namespace {

/// Bridges 1, 2, ... on these paths.
struct pair_on_paths : engine_pair {
  explicit pair_on_paths(std::initializer_list<std::uint64_t> paths, hedging when = hedging::always)
      : engine_pair({.hedge = when}, 0) {
    for (const std::uint64_t path : paths) add_bridge({.path = path});
    run();
  }
};

std::uint64_t hedged(const engine& of) { return of.stats().hedged_frames; }

void say(engine_pair& pair, stream_id id, int messages) {
  for (int i = 0; i < messages; ++i) {
    pair.client.write(id, bytes_of("key"), pair.now);
    pair.run(20ms);
  }
}

TEST(EngineHedge, AMessageGoesOutOnASecondPathAtOnce) {
  pair_on_paths pair({1, 2});
  const stream_id id = pair.open();
  const std::uint64_t before = pair.client.stats().hedged_bytes;
  say(pair, id, 10);
  EXPECT_EQ(pair.client.stats().hedged_bytes - before, 30U);
  EXPECT_EQ(pair.server.stats().payload_duplicate, 30U);
  EXPECT_EQ(pair.read(pair.server, id), "keykeykeykeykeykeykeykeykeykey");
  EXPECT_EQ(pair.client.stats().retransmitted_bytes, 0U);
}

TEST(EngineHedge, OpeningsAnswersAndEndsAreMessages) {
  pair_on_paths pair({1, 2});
  const stream_id id = pair.open();
  EXPECT_EQ(hedged(pair.client), 1U);
  EXPECT_EQ(hedged(pair.server), 1U);
  pair.client.shutdown_send(id, pair.now);
  pair.server.reset(id, reset_code::reset, pair.now);
  pair.run();
  EXPECT_EQ(hedged(pair.client), 2U);
  EXPECT_EQ(hedged(pair.server), 2U);
}

TEST(EngineHedge, OneOfTheCopiesIsEnoughWhicheverItIs) {
  for (const bridge_id victim : {1, 2}) {
    pair_on_paths pair({1, 2});
    const stream_id id = pair.open();
    pair.silence(victim);
    pair.client.write(id, bytes_of("key"), pair.now);
    pair.run(5ms);
    EXPECT_EQ(pair.read(pair.server, id), "key");
    pair.client.shutdown_send(id, pair.now);
    pair.run(5ms);
    EXPECT_EQ(pair.read(pair.server, id), "");
    EXPECT_EQ(pair.last_read.status, read_result::state::end);
  }
}

// Acknowledged on one bridge, then on the other, which was held: nothing is sent once more, and nobody is at fault.
TEST(EngineHedge, TheSecondAcknowledgementSettlesNothingTwice) {
  for (const bridge_id held : {1, 2}) {
    pair_on_paths pair({1, 2});
    const stream_id id = pair.open();
    pair.hold(held);
    say(pair, id, 3);
    pair.client.shutdown_send(id, pair.now);
    pair.run(20ms);
    pair.release(held);
    pair.run();
    EXPECT_EQ(pair.read(pair.server, id), "keykeykey");
    for (engine* e : {&pair.client, &pair.server}) EXPECT_FALSE(pair.has_event<events::failed>(*e));
    for (const bridge_id b : {1, 2}) EXPECT_EQ(pair.client.stats_of(b)->in_flight, 0U) << "bridge " << b;
    EXPECT_EQ(pair.client.stats().retransmitted_bytes, 0U);
    EXPECT_EQ(pair.client.stats().send_memory, 0U);
  }
}

// The other bridge has a copy, and still may lose it.
TEST(EngineHedge, BothBridgesMayBeLost) {
  pair_on_paths pair({1, 2, 3});
  const stream_id id = pair.open();
  for (const bridge_id b : {1, 2, 3}) pair.hold(b);
  pair.client.write(id, bytes_of("key"), pair.now);
  pair.run(5ms);
  for (const bridge_id b : {1, 2}) pair.cut(b);
  pair.release(3);
  pair.run();
  EXPECT_EQ(pair.read(pair.server, id), "key");
}

TEST(EngineHedge, NoSecondPathNoCopy) {
  pair_on_paths pair({1, 1});
  say(pair, pair.open(), 10);
  EXPECT_EQ(hedged(pair.client), 0U);
}

// It may cost money.
TEST(EngineHedge, ABackupPathGetsNoCopy) {
  pair_on_paths pair({1});
  pair.add_bridge({.role = path_role::backup, .path = 2});
  pair.run();
  const stream_id id = pair.open();
  const std::uint64_t before = hedged(pair.client);
  say(pair, id, 10);
  EXPECT_EQ(hedged(pair.client), before);
}

TEST(EngineHedge, OffIsOff) {
  pair_on_paths pair({1, 2}, hedging::off);
  const stream_id id = pair.open();
  pair.hold(1);
  say(pair, id, 10);
  pair.release(1);
  say(pair, id, 10);
  EXPECT_EQ(hedged(pair.client), 0U);
}

TEST(EngineHedge, BeginsOnceAPathHasFailedAMessage) {
  pair_on_paths pair({1, 2}, hedging::learnt);
  const stream_id id = pair.open();
  say(pair, id, 10);
  EXPECT_EQ(hedged(pair.client), 0U) << "nothing has happened yet";
  const bridge_id carrier = pair.client.stats_of(1)->bytes_sent > pair.client.stats_of(2)->bytes_sent ? 1 : 2;
  pair.hold(carrier);
  say(pair, id, 10);
  pair.release(carrier);
  say(pair, id, 10);
  EXPECT_GT(hedged(pair.client), 8U);
  pair.run(61s);
  const std::uint64_t by_then = hedged(pair.client);
  say(pair, id, 10);
  EXPECT_EQ(hedged(pair.client), by_then) << "that was long ago";
}

TEST(EngineHedge, BulkIsNotCopied) {
  pair_on_paths pair({1, 2});
  const stream_id id = pair.open();
  EXPECT_GT(pair.download(id, 500ms), 10'000'000U);
  EXPECT_LE(pair.server.stats().hedged_bytes, 16U * 1024);
}

}  // namespace
}  // namespace mtcp::core::test
