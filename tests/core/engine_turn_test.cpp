// Which bridges one turn of sending asks, and which carry acknowledgements.
#include <gtest/gtest.h>

#include <set>

#include "core/engine_pair.hpp"

namespace mtcp::core::test {
namespace {

TEST(EngineTurn, ALoneMessageIsNoOccasionToAskEveryBridge) {
  engine_pair pair({}, 4);
  const stream_id id = pair.open();
  pair.client.transmit_order(pair.now);
  EXPECT_TRUE(pair.client.transmit_order(pair.now).empty()) << "nothing waits";
  pair.client.write(id, bytes_of("key"), pair.now);
  EXPECT_EQ(pair.client.transmit_order(pair.now).size(), 4U);
  for (bridge_id b = 1; b <= 4; ++b) pair.poll(pair.client, b);
  EXPECT_TRUE(pair.client.transmit_order(pair.now).empty()) << "it has left";
  EXPECT_EQ(pair.client.transmit_order(pair.now + 1ms).size(), 4U) << "it is in flight: somebody may have to copy it";
}

TEST(EngineTurn, AnAckGoesOutOnOneBridgeAndSoonOnAnother) {
  engine_pair pair;
  const stream_id id = pair.open();
  pair.run();
  const auto acking = [&] {
    pair.now += 5ms;
    pair.server.handle_timeout(pair.now);
    std::set<bridge_id> with;
    for (bridge_id b = 1; b <= 2; ++b) {
      if (!pair.poll(pair.server, b).empty()) with.insert(b);
    }
    return with;
  };
  pair.client.write(id, bytes_of("key"), pair.now);
  for (bridge_id b = 1; b <= 2; ++b) pair.server.handle_input(b, slice::copy_of(pair.poll(pair.client, b)), pair.now);
  const auto first = acking(), second = acking();
  EXPECT_EQ(first.size(), 1U);
  EXPECT_EQ(second.size(), 1U);
  EXPECT_NE(first, second);
  EXPECT_TRUE(acking().empty());
}

}  // namespace
}  // namespace mtcp::core::test
