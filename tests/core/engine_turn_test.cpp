// Which bridges one turn of sending asks, and which carry acknowledgements.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/frame_parser.hpp"

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

// The last bytes of a stream travel in small frames, but what is left by then of a writer that was told of room, and
// has not come to its turn yet, is not the last.
TEST(EngineTurn, AWriterThatWasToldOfRoomHasMore) {
  engine_pair pair({}, 1);
  const stream_id id = pair.open();
  pair.download(id, 200ms);
  ASSERT_TRUE(pair.server.write(id, bytes_of(std::string(4 << 20, 'x')), pair.now).blocked());
  std::size_t frames = 0, bytes = 0;
  frame_parser parser;
  for (auto out = pair.poll(pair.server, 1); !out.empty(); out = pair.poll(pair.server, 1)) {
    slice input = slice::copy_of(out);
    while (parser.next(input) != frame_parser::item::need_more) {
      frames += parser.frame_size() > 1000 ? 1 : 0;
      bytes += parser.frame_size();
    }
  }
  ASSERT_GT(bytes, 400'000U);
  EXPECT_GT(bytes / frames, 32'000U);
}

}  // namespace
}  // namespace mtcp::core::test
