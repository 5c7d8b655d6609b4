// What write() takes, and what it says of the rest.
#include <gtest/gtest.h>

#include <string>

#include "core/engine_pair.hpp"

namespace mtcp::core::test {
namespace {

using limit = write_result::limit;

const std::string much(4 << 20, 'x');

/// One byte: none of a stream that takes none.
limit why_not(engine_pair& pair, engine& at, stream_id id) {
  const write_result got = at.write(id, bytes_of("!"), pair.now);
  EXPECT_EQ(got.size, 0U);
  EXPECT_FALSE(got.blocked());
  return got.why;
}

TEST(EngineWrite, TakesAllThatFits) {
  engine_pair pair;
  const stream_id id = pair.open();
  const write_result got = pair.client.write(id, bytes_of("hello"), pair.now);
  EXPECT_EQ(got.size, 5U);
  EXPECT_EQ(got.why, limit::none);
  EXPECT_EQ(pair.client.write(id, bytes_of(""), pair.now).why, limit::none);
}

TEST(EngineWrite, WaitsForCredit) {
  limits small;
  small.window_start = small.window_max = 64 * 1024;
  engine_pair pair(small);
  const stream_id id = pair.open();
  pair.client.write(id, bytes_of(much), pair.now);
  pair.run();
  const write_result got = pair.client.write(id, bytes_of(much), pair.now);
  EXPECT_GT(got.size, 0U) << "as much as was sent";
  EXPECT_EQ(got.why, limit::credit);
  EXPECT_TRUE(got.blocked());
  pair.events(pair.client);
  for (int i = 0; i < 50; ++i) {
    pair.read(pair.server, id);
    pair.run(10ms);
  }
  EXPECT_TRUE(pair.has_event<events::writable>(pair.client));
}

TEST(EngineWrite, WaitsForBridges) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.cut(1);
  pair.cut(2);
  const write_result got = pair.client.write(id, bytes_of(much), pair.now);
  EXPECT_EQ(got.why, limit::bridges);
  EXPECT_TRUE(got.blocked());
}

TEST(EngineWrite, WaitsForMemory) {
  limits small;
  small.send_budget = 100 * 1024;
  engine_pair pair(small);
  const stream_id id = pair.open();
  const write_result got = pair.client.write(id, bytes_of(much), pair.now);
  EXPECT_LT(got.size, much.size());
  EXPECT_EQ(got.why, limit::memory);
  EXPECT_TRUE(got.blocked());
}

TEST(EngineWrite, TellsHowAStreamHasEnded) {
  engine_pair pair;
  EXPECT_EQ(why_not(pair, pair.client, 77), limit::no_stream);
  const stream_id finished = pair.open(), reset = pair.open(), stopped = pair.open();
  pair.client.shutdown_send(finished, pair.now);
  EXPECT_EQ(why_not(pair, pair.client, finished), limit::finished);
  pair.client.reset_send(reset, reset_code::reset, pair.now);
  EXPECT_EQ(why_not(pair, pair.client, reset), limit::reset);
  pair.server.stop_receive(stopped, reset_code::reset, pair.now);
  pair.run();
  EXPECT_EQ(why_not(pair, pair.client, stopped), limit::stopped);
}

TEST(EngineWrite, ARefusedStreamTakesNothing) {
  engine_pair pair;
  const stream_id id = pair.client.open({"example.org", 443}, {}, pair.now).value();
  pair.run();
  pair.server.refuse(id, refusal::policy, pair.now);
  EXPECT_EQ(why_not(pair, pair.server, id), limit::refused);
}

// Though nothing was acknowledged since: a keystroke after a pause is one also while another stream fills the bridge.
TEST(EngineWrite, AStreamIsSparseAgainAfterAPause) {
  engine_pair pair({}, 1);
  const stream_id chat = pair.open(), bulk = pair.open();
  pair.client.write(chat, bytes_of(std::string(20'000, 'x')), pair.now);
  pair.run(20ms);
  pair.now += 100ms;
  pair.client.write(bulk, bytes_of(much), pair.now);
  while (!pair.poll(pair.client, 1).empty()) continue;  // up to the bridge's cap
  pair.client.write(chat, bytes_of("key"), pair.now);
  EXPECT_FALSE(pair.poll(pair.client, 1).empty());
}

}  // namespace
}  // namespace mtcp::core::test
