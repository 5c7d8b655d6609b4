// Bridges that fall silent, and bridges that only seem to.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "core/engine_pair.hpp"

namespace mtcp::core::test {
namespace {

TEST(EngineSilence, ASilentBridgeBecomesSuspectWhileOthersGoOn) {
  engine_pair pair;
  const stream_id id = pair.open();
  const std::string block(64 * 1024, 'x');
  std::size_t sent = 0, got = 0;
  for (int i = 0; i < 3000; ++i) {
    if (i == 1000) pair.silence(1);
    if (i < 2500) sent += pair.server.write(id, bytes_of(block), pair.now).size;
    pair.run(1ms);
    got += pair.read(pair.client, id).size();
  }
  EXPECT_EQ(got, sent);
  EXPECT_TRUE(pair.server.stats_of(1)->suspect);
  EXPECT_TRUE(pair.has_event<events::bridge_suspect>(pair.client));
  pair.run(11s);
  EXPECT_TRUE(pair.has_event<events::bridge_closed>(pair.server));
}

constexpr tcp_info quick{.srtt = 1ms, .congestion_window = 100'000};

// A download for so long; TCP tells `info` of bridge 1, and that it gets so many more bytes a millisecond across.
void download_while_tcp_carries(engine_pair& pair, stream_id id, duration time, std::uint64_t bytes, tcp_info& info) {
  const std::string block(64 * 1024, 'x');
  for (const timestamp end = pair.now + time; pair.now < end;) {
    info.acknowledged += bytes;
    pair.server.handle_tcp_info(1, info, pair.now);
    pair.server.write(id, bytes_of(block), pair.now);
    pair.run(1ms);
    pair.read(pair.client, id);
  }
}

TEST(EngineSilence, ABridgeThatIsOnlySlowIsNotSuspect) {
  engine_pair pair;
  const stream_id id = pair.open();
  tcp_info info = quick;
  download_while_tcp_carries(pair, id, 500ms, 4, info);
  pair.silence(1);  // no frame is complete: the smallest one takes a second
  download_while_tcp_carries(pair, id, 1s, 4, info);
  EXPECT_FALSE(pair.server.stats_of(1)->suspect);
  pair.run(500ms);
  EXPECT_TRUE(pair.server.stats_of(1)->suspect) << "TCP makes no progress either";
}

// A receiver asks by a PING, and the PONG waits behind what the peer has sent before.
TEST(EngineSilence, ABridgeThatBringsALongRecordIsNotSuspect) {
  for (const std::uint64_t arrives : {4, 0}) {
    engine_pair pair;
    const stream_id id = pair.open();
    tcp_info info = quick;
    download_while_tcp_carries(pair, id, 500ms, 10'000, info);
    pair.silence(1);
    tcp_info seen = quick;
    for (int i = 0; i < 1000; ++i) {
      seen.received += arrives;
      pair.client.handle_tcp_info(1, seen, pair.now);
      download_while_tcp_carries(pair, id, 1ms, 10, info);
    }
    EXPECT_EQ(pair.client.stats_of(1)->suspect, arrives == 0);
  }
}

// What TCP gets across after the oldest frame is whole may be in a relay whose far side is dead.
TEST(EngineSilence, ABridgeThatEndsInARelayIsSuspect) {
  engine_pair pair;
  const stream_id id = pair.open();
  tcp_info info = quick;
  download_while_tcp_carries(pair, id, 500ms, 10'000, info);
  pair.silence(1);
  download_while_tcp_carries(pair, id, 400ms, 10'000, info);
  EXPECT_TRUE(pair.server.stats_of(1)->suspect);
}

// For 200 ms and a round trip BBR sends next to nothing on purpose.
TEST(EngineSilence, ABridgeThatMeasuresItsRoundTripIsNotSuspect) {
  for (const bool probing : {true, false}) {
    engine_pair pair;
    const stream_id id = pair.open();
    tcp_info info = quick;
    download_while_tcp_carries(pair, id, 500ms, 10'000, info);
    pair.silence(1);
    info.probing = probing;
    download_while_tcp_carries(pair, id, 400ms, 0, info);
    EXPECT_EQ(pair.server.stats_of(1)->suspect, !probing);
    info.probing = false;
    download_while_tcp_carries(pair, id, 400ms, 0, info);
    EXPECT_TRUE(pair.server.stats_of(1)->suspect) << "this is no pause any more";
  }
}

// Long before the bridge is found to be silent.
TEST(EngineSilence, AControlFrameThatIsOverdueTravelsAgain) {
  for (const bridge_id victim : {1, 2}) {
    engine_pair pair;
    pair.open();
    pair.silence(victim);
    pair.events(pair.server);
    pair.client.open({"example.org", 443}, {}, pair.now);
    pair.run(150ms);
    EXPECT_TRUE(pair.has_event<events::incoming>(pair.server)) << "bridge " << victim;
  }
}

// All connections of a line become slow at once: the first copies stand on them, too.
TEST(EngineSilence, WhatIsOverdueWithItsCopyTravelsOnceMore) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.download(id, 500ms);
  pair.run(20ms);
  pair.read(pair.client, id, 64 << 20);
  for (const bridge_id slow : {1, 2}) pair.hold(slow);
  const std::string message(10'000, 'm');
  pair.server.write(id, bytes_of(message), pair.now);
  pair.run(120ms);
  EXPECT_EQ(pair.read(pair.client, id).size(), 0U);
  const bridge_id fresh = pair.add_bridge();
  pair.run(20ms);
  for (const bridge_id slow : {1, 2}) EXPECT_FALSE(pair.server.stats_of(slow)->suspect);
  EXPECT_EQ(pair.read(pair.client, id).size(), message.size());
  pair.run(200ms);
  EXPECT_LE(pair.server.stats_of(fresh)->bytes_sent, 2 * message.size());
}

// Whatever is known of the rate: a message that is alone on its bridge is due after a round trip.
TEST(EngineSilence, AMessageThatIsOverdueTravelsAgain) {
  for (const bridge_id victim : {1, 2}) {
    engine_pair pair;
    const stream_id id = pair.open();
    pair.silence(victim);
    for (int i = 0; i < 2; ++i) pair.client.write(id, bytes_of("key"), pair.now);
    pair.run(80ms);
    EXPECT_EQ(pair.read(pair.server, id), "keykey") << "bridge " << victim;
  }
}

/// Over which of two bridges the client sends three bytes.
bridge_id carrier_of_message(engine_pair& pair, stream_id id) {
  const std::uint64_t before = pair.client.stats_of(1)->bytes_sent;
  pair.client.write(id, bytes_of("key"), pair.now);
  pair.run(1ms);
  return pair.client.stats_of(1)->bytes_sent > before ? 1 : 2;
}

TEST(EngineSilence, ABridgeWhoseMessagesComeLateIsRemembered) {
  engine_pair pair;
  const stream_id id = pair.open();
  const bridge_id late = carrier_of_message(pair, id);
  pair.run();
  pair.hold(late);
  ASSERT_EQ(carrier_of_message(pair, id), late);
  pair.run(200ms);
  pair.release(late);
  pair.run();
  for (int i = 0; i < 20; ++i, pair.run(50ms)) EXPECT_NE(carrier_of_message(pair, id), late);
}

// Or it would look quicker than any other.
TEST(EngineSilence, ABridgeThatTakesItsPlaceIsNoBetter) {
  engine_pair pair({.hedge = hedging::off}, 0);
  for (const std::uint64_t path : {1, 2}) pair.add_bridge({.path = path});
  pair.run();
  const stream_id id = pair.open();
  const bridge_id late = carrier_of_message(pair, id);
  pair.run();
  pair.silence(late);
  ASSERT_EQ(carrier_of_message(pair, id), late);
  pair.run(600ms);
  ASSERT_TRUE(pair.client.stats_of(late)->suspect);
  const bridge_id replacement = pair.add_bridge({.path = late});
  pair.run();
  for (int i = 0; i < 20; ++i, pair.run(50ms)) {
    const std::uint64_t before = pair.client.stats_of(replacement)->bytes_sent;
    pair.client.write(id, bytes_of("key"), pair.now);
    pair.run(1ms);
    EXPECT_EQ(pair.client.stats_of(replacement)->bytes_sent, before);
  }
}

// The credit that the client grants travels on one bridge. When that one falls silent nothing else of the client's is
// acknowledged that would make it suspect.
class CreditOnASilentBridge : public testing::TestWithParam<std::tuple<int, bridge_id>> {};

TEST_P(CreditOnASilentBridge, IsGrantedAgain) {
  const auto [silent_after, victim] = GetParam();  // milliseconds
  engine_pair pair;
  const stream_id id = pair.open();
  const std::string block(64 * 1024, 'x');
  std::size_t got = 0;
  for (int i = 0; i < silent_after + 1000; ++i) {
    if (i == silent_after) pair.silence(victim);
    pair.server.write(id, bytes_of(block), pair.now);
    pair.run(1ms);
    got += pair.read(pair.client, id).size();
    if (i == silent_after + 500) got = 0;  // by then the silence must have been noticed
  }
  EXPECT_GT(got, 4U << 20);
}

INSTANTIATE_TEST_SUITE_P(EngineSilence, CreditOnASilentBridge,
                         testing::Combine(testing::Values(1, 20, 137, 300, 500, 777), testing::Values(1, 2)));

// Whoever has dialled a replacement wants to know.
TEST(EngineSilence, ABridgeThatMovesAgainIsReportedOnce) {
  engine_pair pair;
  const stream_id id = pair.open();
  const auto upload = [&](duration time) {
    for (const timestamp end = pair.now + time; pair.now < end;) {
      pair.client.write(id, bytes_of(std::string(64 * 1024, 'x')), pair.now);
      pair.run(1ms);
      pair.read(pair.server, id);
    }
  };
  upload(500ms);
  pair.hold(1);
  upload(1s);
  ASSERT_TRUE(pair.has_event<events::bridge_suspect>(pair.client));
  EXPECT_FALSE(pair.has_event<events::bridge_recovered>(pair.client));
  pair.release(1);
  upload(1s);
  int recovered = 0;
  for (const event& e : pair.events(pair.client)) {
    const auto* bridge = std::get_if<events::bridge_recovered>(&e);
    recovered += bridge != nullptr && bridge->bridge == 1 ? 1 : 0;
  }
  EXPECT_EQ(recovered, 1);
  EXPECT_FALSE(pair.client.stats_of(1)->suspect);
}

std::set<bridge_id> suspects_of(engine_pair& pair) {
  std::set<bridge_id> suspects;
  for (const event& e : pair.events(pair.client)) {
    if (const auto* suspect = std::get_if<events::bridge_suspect>(&e)) suspects.insert(suspect->bridge);
  }
  return suspects;
}

// Whoever only reads has no acknowledgements to miss.
TEST(EngineSilence, AReaderNoticesThatEveryBridgeIsSilent) {
  engine_pair pair;
  const stream_id id = pair.open();
  for (int i = 0; i < 200; ++i) {
    pair.server.write(id, bytes_of(std::string(16 * 1024, 'x')), pair.now);
    pair.run(1ms);
    pair.read(pair.client, id);
  }
  pair.events(pair.client);
  for (const bridge_id b : {1, 2}) pair.silence(b);
  pair.run(1500ms);
  EXPECT_EQ(suspects_of(pair).size(), 2U) << "replacements must be dialled";
}

// What acknowledges its frames may wait behind what it brings. But not for ever: perhaps nothing of them arrives.
TEST(EngineSilence, ATunnelThatBringsADownloadMayBeSlow) {
  engine_pair pair({}, 1);
  const stream_id id = pair.open();
  const auto download = [&](duration time) {
    for (const timestamp end = pair.now + time; pair.now < end; pair.read(pair.client, id)) {
      pair.server.write(id, bytes_of(std::string(64, 'x')), pair.now);
      pair.run(1ms);
    }
  };
  download(300ms);
  pair.silence_to(pair.server, 1);
  pair.client.write(id, bytes_of("a request"), pair.now);
  download(1s);
  EXPECT_TRUE(suspects_of(pair).empty()) << "others would be dialled at once";
  download(1s);
  EXPECT_EQ(suspects_of(pair).size(), 1U);
}

// Where all fall silent nobody knows whether the network does. One that comes up tells.
TEST(EngineSilence, ANewBridgeShowsThatTheOthersAreSilentAlone) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.download(id, 500ms);
  const std::string last(64 * 1024, 'y');
  for (const bridge_id b : {1, 2}) pair.silence(b);
  pair.server.write(id, bytes_of(last), pair.now);
  pair.run(460ms);
  for (const bridge_id b : {1, 2}) EXPECT_FALSE(pair.server.stats_of(b)->suspect);
  pair.add_bridge();
  pair.run(5ms);
  for (const bridge_id b : {1, 2}) EXPECT_TRUE(pair.server.stats_of(b)->suspect);
  EXPECT_EQ(pair.read(pair.client, id), last);
}

}  // namespace
}  // namespace mtcp::core::test
