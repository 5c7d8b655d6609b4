// Behaviours of the engine, one by one.
#include <gtest/gtest.h>

#include "core/engine_pair.hpp"
#include "mtcp/core/stream/leftover.hpp"
#include "mtcp/core/wire/frame.hpp"

namespace mtcp::core::test {
namespace {

using state = read_result::state;

TEST(Engine, OpensAndAnswersAStream) {
  engine_pair pair;
  const stream_id id = pair.client.open({"example.org", 443}, {}, pair.now).value();
  pair.run();
  ASSERT_TRUE(pair.has_event<events::incoming>(pair.server));
  EXPECT_EQ(pair.server.target_of(id), (target{"example.org", 443}));
  pair.server.answer(id, {"192.0.2.1", 5}, pair.now);
  pair.run();
  EXPECT_TRUE(pair.has_event<events::opened>(pair.client));
  EXPECT_EQ(pair.client.bound_address(id), (target{"192.0.2.1", 5}));
}

TEST(Engine, EarlyBytesArriveBeforeTheAnswer) {
  engine_pair pair;
  const stream_id id = pair.client.open({"example.org", 443}, bytes_of("hello"), pair.now).value();
  pair.run();
  EXPECT_EQ(pair.read(pair.server, id), "hello");
}

TEST(Engine, RefusalReachesTheClientAndLeavesNothing) {
  engine_pair pair;
  const stream_id id = pair.client.open({"10.0.0.1", 1}, bytes_of("early"), pair.now).value();
  pair.run();
  pair.server.refuse(id, refusal::policy, pair.now);
  pair.run();
  bool refused = false;
  for (const event& e : pair.events(pair.client)) {
    if (const auto* got = std::get_if<events::refused>(&e)) refused = got->stream == id && got->why == refusal::policy;
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(pair.client.stream_count(), 0U);
  EXPECT_EQ(pair.server.stream_count(), 0U);
  EXPECT_EQ(pair.server.stats().receive_granted, 0U);
}

TEST(Engine, HalfCloseLetsTheOtherDirectionGoOn) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.client.write(id, bytes_of("question"), pair.now);
  pair.client.shutdown_send(id, pair.now);
  pair.run();
  EXPECT_EQ(pair.read(pair.server, id), "question");
  EXPECT_EQ(pair.last_read.status, state::end);
  pair.server.write(id, bytes_of("answer"), pair.now);
  pair.server.shutdown_send(id, pair.now);
  pair.run();
  EXPECT_EQ(pair.read(pair.client, id), "answer");
  EXPECT_EQ(pair.last_read.status, state::end);
}

TEST(Engine, ResetDeliversWhatWasSentAndThenTheReset) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.server.write(id, bytes_of("part"), pair.now);
  pair.run();
  pair.server.reset_send(id, reset_code::reset, pair.now);
  pair.run();
  EXPECT_EQ(pair.read(pair.client, id, 2), "pa");
  EXPECT_EQ(pair.last_read.status, state::open);
  EXPECT_EQ(pair.read(pair.client, id), "rt");
  EXPECT_EQ(pair.last_read.status, state::reset);
}

TEST(Engine, WhoMayCarryNoMoreLearnsIt) {
  engine_pair pair;
  const stream_id open = pair.open(), asked = pair.client.open({"example.org", 80}, {}, pair.now).value();
  pair.run();
  pair.server.reset(open, reset_code::quota, pair.now);
  pair.server.reset(asked, reset_code::quota, pair.now);
  pair.run();
  std::optional<refusal> refused;
  std::optional<reset_code> stopped;
  for (const event& e : pair.events(pair.client)) {
    if (const auto* got = std::get_if<events::refused>(&e); got != nullptr && got->stream == asked) refused = got->why;
    if (const auto* got = std::get_if<events::stopped>(&e); got != nullptr && got->stream == open) stopped = got->why;
  }
  EXPECT_EQ(refused, refusal::quota);
  EXPECT_EQ(stopped, reset_code::quota);
  pair.read(pair.client, open, 1);
  EXPECT_EQ(pair.last_read.code, reset_code::quota);
}

TEST(Engine, StopTellsTheSender) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.client.stop_receive(id, reset_code::reset, pair.now);
  pair.run();
  EXPECT_TRUE(pair.has_event<events::stopped>(pair.server));
  EXPECT_EQ(pair.server.write(id, bytes_of("dropped"), pair.now).size, 0U);
}

TEST(Engine, DeliversUntilThePeerHasAllOfAClosedStream) {
  engine_pair pair;
  const stream_id id = pair.open(), other = pair.open();
  pair.client.write(id, bytes_of("last words"), pair.now);
  pair.client.write(other, bytes_of("x"), pair.now);
  EXPECT_FALSE(pair.client.delivers()) << "both are in use";
  pair.client.close(id, pair.now);
  pair.client.reset(other, reset_code::reset, pair.now);
  EXPECT_TRUE(pair.client.delivers());
  pair.run(20ms);
  EXPECT_FALSE(pair.client.delivers());
  EXPECT_EQ(pair.read(pair.server, id), "last words");
}

TEST(Engine, NothingIsLeftWhenBothEndsClose) {
  engine_pair pair;
  for (int i = 0; i < 50; ++i) {
    const stream_id id = pair.open();
    pair.client.write(id, bytes_of("abc"), pair.now);
    pair.client.close(id, pair.now);
    pair.run(20ms);
    pair.read(pair.server, id);
    pair.server.close(id, pair.now);
  }
  pair.run();
  for (engine* e : {&pair.client, &pair.server}) {
    EXPECT_EQ(e->stream_count(), 0U);
    EXPECT_TRUE(e->idle());
    EXPECT_EQ(e->stats().send_memory, 0U);
    EXPECT_EQ(e->stats().receive_memory, 0U);
    EXPECT_EQ(e->stats().receive_granted, 0U);
  }
}

TEST(Engine, ABridgeThatIsCutLosesNothing) {
  engine_pair pair({}, 3);
  const stream_id id = pair.open();
  std::string sent, received;
  for (int i = 0; i < 400; ++i) {
    std::string piece(20000, static_cast<char>('a' + i % 26));
    piece.resize(pair.server.write(id, bytes_of(piece), pair.now).size);
    sent += piece;
    // Polled and lost: the frames were on the bridge when it was cut.
    if (i == 100) pair.poll(pair.server, 1);
    if (i == 100) pair.cut(1);
    if (i == 200) pair.cut(2);
    pair.run(1ms);
    received += pair.read(pair.client, id);
  }
  pair.run();
  received += pair.read(pair.client, id, 4 << 20);
  EXPECT_EQ(received.size(), sent.size());
  EXPECT_TRUE(received == sent);
  EXPECT_GT(pair.server.stats().retransmitted_bytes, 0U);
}

TEST(Engine, AllBridgesLostAndANewOneResumes) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.server.write(id, bytes_of("before"), pair.now);
  pair.cut(1);
  pair.cut(2);
  pair.run(5s);
  pair.server.write(id, bytes_of(" after"), pair.now);
  pair.client.settle(pair.server.unsettled(), pair.now);
  pair.server.settle(pair.client.unsettled(), pair.now);
  pair.add_bridge();
  pair.run();
  EXPECT_EQ(pair.read(pair.client, id), "before after");
  EXPECT_TRUE(pair.client.unsettled().empty());
  EXPECT_TRUE(pair.server.unsettled().empty());
}

TEST(Engine, AStuckReaderStopsOnlyItself) {
  limits small;
  small.receive_budget = 4 << 20;
  engine_pair pair(small);
  const stream_id stuck = pair.open();
  const stream_id other = pair.open();
  const std::string block(64 * 1024, 'x');
  std::size_t got = 0;
  for (int i = 0; i < 1000; ++i) {
    pair.server.write(stuck, bytes_of(block), pair.now);
    pair.server.write(other, bytes_of(block), pair.now);
    pair.run(1ms);
    got += pair.read(pair.client, other).size();
  }
  EXPECT_GT(got, 30U << 20);
  EXPECT_LE(pair.client.stats().receive_memory, small.receive_budget + (64 << 10));
}

// A PATH that was held up must not arrive after a later one and be taken for it.
TEST(Engine, TheLastChangeOfABridgesUseReachesThePeer) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.client.bridge_changed(2, {.role = path_role::backup});
  const auto held_up = pair.poll(pair.client, 1);  // whatever is said there
  const auto first = pair.poll(pair.client, 2);
  pair.client.bridge_changed(2, {});
  pair.server.handle_input(2, slice::copy_of(first), pair.now);
  pair.run(20ms);
  if (!held_up.empty()) pair.server.handle_input(1, slice::copy_of(held_up), pair.now);
  const std::uint64_t before = pair.server.stats_of(2)->bytes_sent;
  pair.download(id, 200ms);
  EXPECT_GT(pair.server.stats_of(2)->bytes_sent, before + 100'000);
}

TEST(Engine, ABridgesUseIsKnownToAPeerThatLostAnother) {
  for (const duration between : {0ms, 1ms, 2ms, 4ms, 8ms}) {
    engine_pair pair;
    const stream_id id = pair.open();
    pair.client.bridge_changed(2, {.role = path_role::backup});
    pair.run(between);
    pair.client.bridge_changed(2, {});
    pair.poll(pair.client, 1);  // whatever is said on 1 now never arrives
    pair.cut(1);
    pair.add_bridge();
    pair.run(50ms);
    const std::uint64_t before = pair.server.stats_of(2)->bytes_sent;
    pair.download(id, 200ms);
    EXPECT_GT(pair.server.stats_of(2)->bytes_sent, before + 100'000) << between / 1ms << " ms between both";
  }
}

// A segment keeps the bounds that it was given for a quick bridge, also when only a slow one is left.
TEST(Engine, ALargeSegmentIsSentAgainOnABridgeWithLittleRoom) {
  engine_pair pair({}, 1);
  const stream_id id = pair.open();
  const std::string block(256 * 1024, 'x');
  std::size_t sent = 0, got = 0;
  const auto move = [&](int milliseconds) {
    for (int i = 0; i < milliseconds; ++i) {
      pair.run(1ms);
      got += pair.read(pair.client, id, 4 << 20).size();
    }
  };
  for (int i = 0; i < 100; ++i) {
    sent += pair.server.write(id, bytes_of(block), pair.now).size;
    move(1);
  }
  sent += pair.server.write(id, bytes_of(block), pair.now).size;
  ASSERT_FALSE(pair.poll(pair.server, 1).empty());  // lost with the bridge
  pair.add_bridge({.rate_limit = 2'000'000});
  pair.cut(1);
  move(2000);
  EXPECT_EQ(got, sent);
}

TEST(Engine, BackupCarriesDataOnlyWhenNothingElseIsUp) {
  engine_pair pair({}, 1);
  const bridge_id backup = pair.add_bridge({.role = path_role::backup});
  const stream_id id = pair.open();
  const std::string block(32 * 1024, 'x');
  for (int i = 0; i < 100; ++i) {
    pair.server.write(id, bytes_of(block), pair.now);
    pair.run(1ms);
    pair.read(pair.client, id);
  }
  EXPECT_LT(pair.server.stats_of(backup)->bytes_sent, 32U * 1024);
  pair.cut(1);
  std::size_t got = 0;
  for (int i = 0; i < 100; ++i) {
    pair.server.write(id, bytes_of(block), pair.now);
    pair.run(1ms);
    got += pair.read(pair.client, id).size();
  }
  EXPECT_GT(got, 1U << 20);
}

// What nothing could carry would wait for ever, and nobody would be told.
TEST(Engine, TheWrongDirectionIsBetterThanNone) {
  using direction = bridge_options::direction;
  engine_pair pair({}, 0);
  const bridge_id up = pair.add_bridge({.carries = direction::up});
  const bridge_id spare = pair.add_bridge({.role = path_role::backup, .carries = direction::up});
  const stream_id id = pair.open();
  EXPECT_GT(pair.download(id, 100ms), 1U << 20);
  EXPECT_LT(pair.server.stats_of(spare)->bytes_sent, 32U * 1024) << "a backup is still worse";
  const bridge_id down = pair.add_bridge({.role = path_role::backup, .carries = direction::down});
  pair.run();
  const std::uint64_t before = pair.server.stats_of(up)->bytes_sent;
  EXPECT_GT(pair.download(id, 100ms), 1U << 20);
  EXPECT_LT(pair.server.stats_of(up)->bytes_sent, before + 32U * 1024);
  EXPECT_GT(pair.server.stats_of(down)->bytes_sent, 1U << 20);
}

TEST(Engine, UnknownFramesAreSkipped) {
  engine_pair pair;
  std::vector<std::byte> out(64);
  put_frame_header(std::span(out).first<frame_header_size>(), static_cast<frame_type>(0x77), 60);
  pair.server.handle_input(1, slice::copy_of(out), pair.now);
  EXPECT_FALSE(pair.server.poll_event().has_value());
  EXPECT_EQ(pair.open(), 1U);
}

// A bridge that came up without a limit gets one, and another one.
TEST(Engine, ARateLimitMayChange) {
  engine_pair pair({}, 1);
  const stream_id id = pair.open();
  for (const std::uint64_t limit : {1'000'000, 4'000'000, 500'000}) {
    pair.client.bridge_changed(1, {.rate_limit = limit});
    pair.run(100ms);
    std::size_t got = 0;
    for (int i = 0; i < 1000; ++i) {
      pair.server.write(id, bytes_of(std::string(64 * 1024, 'x')), pair.now);
      pair.run(1ms);
      got += pair.read(pair.client, id).size();
      const auto due = pair.server.poll_timeout();
      ASSERT_TRUE(!due || *due > pair.now - 2ms) << "the event loop would spin";
    }
    EXPECT_NEAR(static_cast<double>(got), static_cast<double>(limit), 0.2 * static_cast<double>(limit));
  }
}

// Credit that a lost WINDOW gave is given again, also when an older WINDOW was acknowledged meanwhile.
TEST(Engine, AnOldAcknowledgementIsNotTakenForANewOne) {
  limits small;
  small.window_start = small.window_max = 128 * 1024;
  engine_pair pair(small, 3);
  const stream_id id = pair.open();
  const std::size_t window = pair.server.write(id, bytes_of(std::string(1 << 20, 'x')), pair.now).size;
  pair.run(50ms);
  std::size_t got = pair.read(pair.client, id, 48 * 1024).size();
  const auto old = pair.poll(pair.client, 1);
  ASSERT_FALSE(old.empty());
  got += pair.read(pair.client, id, 48 * 1024).size();
  ASSERT_EQ(got, 96U * 1024);
  ASSERT_FALSE(pair.poll(pair.client, 2).empty());
  pair.silence(2);
  pair.server.handle_input(1, slice::copy_of(old), pair.now);
  pair.run(20ms);
  pair.cut(2);
  pair.run(50ms);
  const auto sent = [&] { return pair.server.stats().payload_sent; };
  EXPECT_GE(sent(), std::min<std::uint64_t>(window, 128 * 1024 + 96 * 1024));
}

// Its bytes had all arrived, and nobody wants them any more.
TEST(Engine, KeepsNothingOfAStreamThatWasGivenUp) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.client.write(id, bytes_of("hello"), pair.now);
  pair.client.shutdown_send(id, pair.now);
  pair.run();
  pair.server.reset(id, reset_code::shutdown, pair.now);
  EXPECT_EQ(pair.server.take_leftover(id), nullptr);
  pair.run();
  EXPECT_EQ(pair.server.stats().receive_granted, 0U);
}

}  // namespace
}  // namespace mtcp::core::test
