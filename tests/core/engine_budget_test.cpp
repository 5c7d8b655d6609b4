// Bridges that may carry only so many bytes.
#include <gtest/gtest.h>

#include <string>

#include "core/engine_pair.hpp"
#include "mtcp/core/bridge/carry_budget.hpp"

namespace mtcp::core::test {
namespace {

constexpr std::uint64_t most = 13'000;
constexpr bridge_options short_lived{.budget = {0, most}};

/// Polls until nothing more comes; how many bytes of records that is.
std::uint64_t sent_on(engine_pair& pair, bridge_id id) {
  std::uint64_t records = 0;
  for (;;) {
    const std::vector<std::byte> frames = pair.poll(pair.server, id);
    if (frames.empty()) return records;
    records += as_records(frames.size());
  }
}

TEST(EngineBudget, NothingGoesOutBeyondIt) {
  engine_pair pair;
  const stream_id id = pair.open();
  const bridge_id added = pair.add_bridge(short_lived);
  for (const bridge_id other : {1, 2}) pair.cut(other);
  pair.server.write(id, bytes_of(std::string(500'000, 'x')), pair.now);
  const std::uint64_t records = sent_on(pair, added);
  EXPECT_LE(records, most);
  EXPECT_GT(records, most - 2'000) << "and hardly less";
  EXPECT_TRUE(pair.server.stats_of(added)->budget_over);
  for (int i = 0; i < 1000; ++i) {
    pair.now += 10ms;
    pair.server.handle_timeout(pair.now);
    EXPECT_LE(records + sent_on(pair, added), most) << "PINGs do not either";
  }
}

TEST(EngineBudget, BothEndsSeeHowMuchIsUsed) {
  engine_pair pair;
  const stream_id id = pair.open();
  const bridge_id added = pair.add_bridge(short_lived);
  for (const bridge_id other : {1, 2}) pair.cut(other);
  EXPECT_LT(pair.client.stats_of(added)->budget_used, 0.2);
  pair.download(id, 50ms);
  for (const engine* e : {&pair.client, &pair.server}) {
    EXPECT_GT(e->stats_of(added)->budget_used, 0.8);
    EXPECT_TRUE(e->stats_of(added)->budget_over);
  }
}

// Segments of 64 KiB were on their way when the bridges ended: none of the new ones could carry one.
TEST(EngineBudget, WhatIsSentAgainIsCutToWhatABridgeMayCarry) {
  engine_pair pair;
  const stream_id id = pair.open();
  std::size_t got = pair.download(id, 300ms);
  for (const bridge_id old : {1, 2}) pair.silence(old);
  std::size_t more = 0;
  for (int i = 0; i < 20; ++i) {
    more += pair.server.write(id, bytes_of(std::string(64 * 1024, 'x')), pair.now).size;
    pair.run(1ms);
    got += pair.read(pair.client, id).size();
  }
  ASSERT_GT(more, 500'000U);
  for (const bridge_id old : {1, 2}) pair.cut(old);
  const std::uint64_t written = pair.server.stats_of_stream(id)->bytes_sent;
  for (int i = 0; i < 2000 && got < written; ++i) {
    const bridge_id next = pair.add_bridge(short_lived);
    pair.run(20ms);
    got += pair.read(pair.client, id).size();
    pair.cut(next);
  }
  EXPECT_EQ(got, written);
}

TEST(EngineBudget, FirstBytesTravelInSmallSends) {
  engine_pair pair({}, 0);
  const bridge_id limited = pair.add_bridge(short_lived);
  const stream_id id = pair.open();
  pair.server.write(id, bytes_of(std::string(500'000, 'x')), pair.now);
  EXPECT_LE(pair.poll(pair.server, limited).size(), 4'500U);
  EXPECT_GT(pair.poll(pair.server, pair.add_bridge()).size(), 9'000U) << "without a budget";
}

// As many as a session has in an hour of this.
TEST(EngineBudget, BridgesThatAreSettledLeaveNothingBehind) {
  engine_pair pair;
  for (int i = 0; i < 20'000; ++i) {
    const bridge_id id = pair.add_bridge(short_lived);
    pair.run(1ms);
    pair.cut(id);
    pair.run(2ms);
  }
  pair.run();
  for (const engine* e : {&pair.client, &pair.server}) {
    EXPECT_TRUE(e->unsettled().empty());
    EXPECT_EQ(e->bridge_ids_kept(), 2U);
    EXPECT_EQ(e->bridge_id_ranges(), 1U);
  }
}

// A dial that failed behind its HELLO: neither end may remember a gap for ever.
TEST(EngineBudget, AnIdThatIsNeverUsedClosesItsGap) {
  engine_pair pair;
  for (engine* e : {&pair.client, &pair.server}) {
    e->bridge_up(4, {}, pair.now);
    e->bridge_down(4, pair.now);
  }
  EXPECT_EQ(pair.server.bridge_id_ranges(), 2U);
  pair.client.bridge_unused(3, pair.now);
  pair.run();
  for (const engine* e : {&pair.client, &pair.server}) {
    EXPECT_EQ(e->bridge_id_ranges(), 1U);
    EXPECT_TRUE(e->unsettled().empty());
  }
}

// Its WELCOME was lost, and the server waits for it to move.
TEST(EngineBudget, AnIdThatTheClientNeverSawUpEndsItsBridge) {
  engine_pair pair;
  pair.client.bridge_unused(pair.add_half_bridge(), pair.now);
  pair.run();
  EXPECT_TRUE(pair.has_event<events::bridge_closed>(pair.server));
}

}  // namespace
}  // namespace mtcp::core::test
