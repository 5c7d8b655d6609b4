// Bytes of a stream until they are acknowledged.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "mtcp/core/stream/send_buffer.hpp"

namespace mtcp::core::test {
namespace {

std::string text_of(const send_buffer& buffer, const segment& s) {
  gather_list list(s.size);
  buffer.gather(s, list);
  std::string text(list.size(), '\0');
  list.copy_to(std::as_writable_bytes(std::span(text)));
  return text;
}

TEST(SendBuffer, KeepsBytesUntilAcknowledgedInAnyOrder) {
  send_buffer buffer;
  buffer.append(bytes_of(pattern(0, 50'000)));
  buffer.append(slice_at(50'000, 20'000));
  std::vector<std::uint64_t> cuts;
  while (buffer.unsent() > 0) cuts.push_back(buffer.cut(9'000));
  EXPECT_EQ(buffer.sent(), 70'000U);
  for (const std::uint64_t number : {cuts[3], cuts[0], cuts[7], cuts[1]}) EXPECT_TRUE(buffer.acknowledge(number));
  EXPECT_FALSE(buffer.acknowledge(cuts[3]));
  EXPECT_EQ(buffer.find(cuts[1]), nullptr);
  segment* kept = buffer.find(cuts[2]);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(text_of(buffer, *kept), pattern(kept->offset, kept->size));
  for (const std::uint64_t number : cuts) buffer.acknowledge(number);
  EXPECT_TRUE(buffer.all_acked());
  EXPECT_EQ(buffer.memory(), 0U);
}

TEST(SendBuffer, SmallWritesShareAChunkAndAReferenceBetweenThemIsKept) {
  send_buffer buffer;
  std::string all;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::string piece = pattern(all.size(), 1 + i % 37);
    if (i % 100 == 99) {
      const std::string large = pattern(all.size(), 9000);
      buffer.append(slice::copy_of(bytes_of(large)));
      all += large;
    } else {
      buffer.append(bytes_of(piece));
      all += piece;
    }
  }
  std::string sent;
  while (buffer.unsent() > 0) sent += text_of(buffer, *buffer.find(buffer.cut(12'345)));
  EXPECT_EQ(sent, all);
  EXPECT_LT(buffer.memory(), all.size() * 2);
}

TEST(SendBuffer, DropsWhatWasNeverSent) {
  send_buffer buffer;
  buffer.append(bytes_of(pattern(0, 40'000)));
  const std::uint64_t first = buffer.cut(10'000);
  buffer.drop_unsent();
  EXPECT_EQ(buffer.unsent(), 0U);
  EXPECT_EQ(buffer.end(), 10'000U);
  EXPECT_TRUE(buffer.acknowledge(first));
  EXPECT_TRUE(buffer.all_acked());
  EXPECT_EQ(buffer.memory(), 0U);
}

TEST(SendBuffer, ASegmentThatIsCutAnewIsFreedWhenAllOfItHasArrived) {
  send_buffer buffer;
  buffer.append(bytes_of(pattern(0, 40'000)));
  const std::uint64_t first = buffer.cut(10'000), whole = buffer.cut(30'000);
  const std::uint64_t head = buffer.split(whole, 4'000);
  const std::uint64_t middle = buffer.split(head + 1, 6'000);
  EXPECT_FALSE(buffer.find(whole)->waits());
  EXPECT_EQ(text_of(buffer, *buffer.find(head)), pattern(10'000, 4'000));
  EXPECT_EQ(text_of(buffer, *buffer.find(middle)), pattern(14'000, 6'000));
  EXPECT_EQ(text_of(buffer, *buffer.find(middle + 1)), pattern(20'000, 20'000));
  for (const std::uint64_t number : {middle + 1, first, middle}) EXPECT_TRUE(buffer.acknowledge(number));
  EXPECT_FALSE(buffer.all_acked());
  EXPECT_GT(buffer.memory(), 0U);
  EXPECT_TRUE(buffer.acknowledge(head));
  EXPECT_TRUE(buffer.all_acked());
  EXPECT_EQ(buffer.memory(), 0U);
}

// It was late, and not lost.
TEST(SendBuffer, ASegmentThatWasCutAnewMayArriveWhole) {
  send_buffer buffer;
  buffer.append(bytes_of(pattern(0, 30'000)));
  const std::uint64_t whole = buffer.cut(20'000), last = buffer.cut(10'000);
  const std::uint64_t head = buffer.split(whole, 4'000);
  EXPECT_TRUE(buffer.acknowledge(whole));
  EXPECT_TRUE(buffer.find(head) == nullptr || !buffer.find(head)->waits());
  EXPECT_FALSE(buffer.acknowledge(head));
  EXPECT_TRUE(buffer.acknowledge(last));
  EXPECT_TRUE(buffer.all_acked());
}

}  // namespace
}  // namespace mtcp::core::test
