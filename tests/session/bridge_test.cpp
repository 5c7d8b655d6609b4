#include "mtcp/session/bridge.hpp"

#include <gtest/gtest.h>

#include "core/engine_pair.hpp"
#include "session/fake_link.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

class Bridge : public testing::Test {
 protected:
  /// A server's end, so that it may send at once.
  Bridge() {
    core::engine client(core::role::client, {});
    for (core::engine* e : {&client, &engine}) {
      e->set_peer_limits(core::announced({}), now);
      e->bridge_up(1, {}, now);
    }
    client.open({"example.org", 80}, {}, now);
    client.transmit_order(now);
    engine.handle_input(1, core::slice::copy_of(core::test::frames_for(client, 1, now)), now);
    engine.answer(1, {}, now);
    engine.transmit_order(now);
    tested.transmit(engine, now);
    connection.clear();
    connection.written = 0;
  }
  void write(std::size_t size) {
    const std::vector<std::byte> bytes(size);
    engine.write(1, bytes, now);
    engine.transmit_order(now);
  }

  core::timestamp now{1h};
  core::engine engine{core::role::server, {}};
  fake_link connection;
  bridge tested{1, connection, {}, 0, now};
};

TEST_F(Bridge, HandsFramesToItsLink) {
  write(1000);
  EXPECT_TRUE(tested.transmit(engine, now));
  EXPECT_GT(connection.written, 1000U);
  EXPECT_FALSE(tested.transmit(engine, now));
}

TEST_F(Bridge, IsFullExactlyWhenItsLinkIs) {
  write(200'000);  // much enough for the link to be asked from now on
  ASSERT_TRUE(tested.transmit(engine, now));
  connection.unsent = connection.unsent_limit - 1;
  write(1);
  EXPECT_TRUE(tested.transmit(engine, now));
  connection.unsent = connection.unsent_limit;
  write(1);
  EXPECT_FALSE(tested.transmit(engine, now));
  EXPECT_TRUE(connection.awaits_room);
}

TEST_F(Bridge, WritesNothingWhileSomethingIsPending) {
  write(1 << 20);
  connection.takes = 100;
  EXPECT_TRUE(tested.transmit(engine, now));
  EXPECT_TRUE(connection.awaits_room);
  const std::size_t before = connection.written;
  EXPECT_FALSE(tested.transmit(engine, now));
  EXPECT_EQ(connection.written, before);
  connection.clear();
  tested.on_room();
  EXPECT_TRUE(tested.transmit(engine, now));
}

TEST_F(Bridge, KeepsTheFirstReasonForItsEnd) {
  tested.close(errc::bridge_silent);
  tested.close(errc::not_needed);
  EXPECT_EQ(tested.why_closed(), error_code(errc::bridge_silent));
  EXPECT_EQ(connection.closed, 1);
}

TEST_F(Bridge, IsClosedByALinkThatFails) {
  write(1000);
  connection.fails = errc::tls_failed;
  EXPECT_FALSE(tested.transmit(engine, now));
  EXPECT_EQ(tested.why_closed(), error_code(errc::tls_failed));
}

TEST_F(Bridge, RestsUntilEveryReasonIsGone) {
  EXPECT_TRUE(tested.set_rest(engine, bridge::rest::surplus, true));
  EXPECT_FALSE(tested.set_rest(engine, bridge::rest::surplus, true));
  EXPECT_TRUE(tested.set_rest(engine, bridge::rest::disabled, true));
  EXPECT_TRUE(tested.set_rest(engine, bridge::rest::surplus, false));
  EXPECT_FALSE(tested.in_use());
  EXPECT_TRUE(tested.set_rest(engine, bridge::rest::disabled, false));
  EXPECT_TRUE(tested.in_use());
}

TEST_F(Bridge, IsUnwellForAsLongAsItWasTold) {
  EXPECT_TRUE(tested.healthy(engine, now));
  tested.suspect(now, now + 10s);
  EXPECT_FALSE(tested.healthy(engine, now + 9s));
  EXPECT_TRUE(tested.healthy(engine, now + 10s));
}

TEST_F(Bridge, CountsAsWellWhileItIsInDoubt) {
  tested.doubt(engine, now);
  EXPECT_TRUE(tested.healthy(engine, now + 1s));
  EXPECT_FALSE(tested.moves(engine));
  tested.doubt(engine, now + 1s);
  EXPECT_EQ(tested.doubted_since(), now);
  tested.suspect(now, now + 10s);
  EXPECT_FALSE(tested.doubted_since().has_value());
  EXPECT_FALSE(tested.healthy(engine, now + 1s));
}

TEST_F(Bridge, AsksTcpAFewTimesPerRoundTrip) {
  connection.info = {.srtt = 100ms};
  tested.report_tcp_info(engine, now);
  tested.report_tcp_info(engine, now + 24ms);
  EXPECT_EQ(connection.asked, 1);
  tested.report_tcp_info(engine, now + 25ms);
  EXPECT_EQ(connection.asked, 2);
}

}  // namespace
}  // namespace mtcp::test
