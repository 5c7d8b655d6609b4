// What counts as in flight on a bridge: frames that the peer acknowledges, and nothing else.
#include <gtest/gtest.h>

#include "core/engine_pair.hpp"

namespace mtcp::core::test {
namespace {

constexpr bridge_id only = 1;

/// One bridge whose cap is in force: round trips have told of a queue.
struct settled_pair : engine_pair {
  settled_pair() : engine_pair({}, 1) {
    for (engine* e : {&client, &server}) {
      for (const duration srtt : {20ms, 60ms})
        e->handle_tcp_info(only, {.srtt = srtt, .congestion_window = 14'000}, now);
    }
  }

  /// The server sends 20 bytes every 5 ms, and the client answers nothing but ACKs.
  void tick(stream_id id, duration time) {
    for (const timestamp end = now + time; now < end;) {
      server.write(id, bytes_of("20 bytes of a ticker"), now);
      run(5ms);
      read(client, id);
    }
  }
};

TEST(Flight, AReceiverMaySpeakAfterAnyNumberOfAcks) {
  settled_pair pair;
  const stream_id id = pair.open();
  pair.tick(id, 40s);  // less than a WINDOW would be sent for
  ASSERT_GT(pair.client.stats_of(only)->bytes_sent, 60'000U);
  EXPECT_EQ(pair.client.stats_of(only)->in_flight, 0U);
  pair.client.write(id, bytes_of("!"), pair.now);
  pair.run(20ms);
  EXPECT_EQ(pair.read(pair.server, id), "!");
}

TEST(Flight, AReceiverOfDatagramsMaySpeakAfterAnyNumberOfAcks) {
  settled_pair pair;
  const target peer{"192.0.2.53", 53};
  const stream_id id = pair.open({});
  for (const timestamp end = pair.now + 40s; pair.now < end; pair.run(5ms)) {
    pair.server.send_datagram(id, peer, bytes_of("answer"), pair.now);
    while (pair.client.read_datagram(id)) {
    }
  }
  ASSERT_GT(pair.client.stats_of(only)->bytes_sent, 60'000U);
  ASSERT_TRUE(pair.client.send_datagram(id, peer, bytes_of("question"), pair.now));
  pair.run(20ms);
  EXPECT_TRUE(pair.server.read_datagram(id));
}

TEST(Flight, OldAcksAreNotTakenForARate) {
  settled_pair pair;
  const stream_id id = pair.open();
  pair.tick(id, 2s);
  ASSERT_GT(pair.client.stats_of(only)->bytes_sent, 3'000U);
  pair.client.write(id, bytes_of("!"), pair.now);
  const auto out = pair.poll(pair.client, only);
  pair.now += 10ms;
  pair.server.handle_input(only, slice::copy_of(out), pair.now);
  pair.run(20ms);
  ASSERT_EQ(pair.client.stats_of(only)->in_flight, 0U);
  EXPECT_LT(pair.client.stats_of(only)->delivery_rate, 100'000U) << "the ACKs of 2 s within one round trip";
}

}  // namespace
}  // namespace mtcp::core::test
