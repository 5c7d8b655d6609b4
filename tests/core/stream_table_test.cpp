// Streams, their ids and their memory.
#include <gtest/gtest.h>

#include <string>

#include "core/bytes.hpp"
#include "mtcp/core/stream/stream_table.hpp"

namespace mtcp::core::test {
namespace {

TEST(StreamTable, KnowsWhichIdsWereUsed) {
  stream_table streams(role::client);
  EXPECT_EQ(streams.take_id(), 1U);
  EXPECT_EQ(streams.take_id(), 2U);
  EXPECT_TRUE(streams.was_opened(2));
  EXPECT_FALSE(streams.was_opened(3));
  EXPECT_FALSE(streams.was_opened(0));
  streams.see(5);
  streams.see(7);
  EXPECT_TRUE(streams.was_seen(7));
  EXPECT_FALSE(streams.was_seen(6));
  EXPECT_EQ(streams.seen_ranges(), 2U);
}

TEST(StreamTable, TellsIdsApartOnceBothEndsOpenStreams) {
  stream_table client(role::client), server(role::server);
  for (stream_table* both : {&client, &server}) both->share_ids();
  EXPECT_EQ(client.take_id(), 1U);
  EXPECT_EQ(client.take_id(), 3U);
  EXPECT_EQ(server.take_id(), 2U);
  EXPECT_TRUE(client.is_ours(3) && server.is_ours(2));
  EXPECT_FALSE(client.is_ours(2) || server.is_ours(3));
  EXPECT_FALSE(client.was_opened(2)) << "it is the server's";
}

TEST(StreamTable, CountsMemoryUntilAStreamIsErased) {
  stream_table streams(role::client);
  stream_state& a = streams.create(1);
  stream_state& b = streams.create(2);
  for (stream_state* s : {&a, &b})
    streams.sending(*s, [](send_half& half) { half.append(bytes_of(std::string(5'000, 'x'))); });
  streams.receiving(a, [](receive_half& half) { half.insert(100, slice::copy_of(bytes_of("held"))); });
  EXPECT_EQ(streams.send_memory(), a.send.memory() + b.send.memory());
  EXPECT_EQ(streams.held(), 4U);
  EXPECT_GT(streams.receive_memory(), 0U);
  streams.erase(a);
  EXPECT_EQ(streams.find(1), nullptr);
  EXPECT_EQ(streams.held(), 0U);
  EXPECT_EQ(streams.receive_memory(), 0U);
  EXPECT_EQ(streams.send_memory(), b.send.memory());
  streams.erase(b);
  EXPECT_EQ(streams.send_memory(), 0U);
  EXPECT_TRUE(streams.empty());
}

TEST(StreamTable, AStreamIsUncountedOnce) {
  stream_table streams(role::server);
  stream_state& s = streams.create(1);
  streams.create(2);
  streams.uncount(s);
  streams.uncount(s);
  EXPECT_EQ(streams.counted(), 1U);
  EXPECT_EQ(streams.size(), 2U);
}

}  // namespace
}  // namespace mtcp::core::test
