// The states of a stream's sending half, and what leads from one to the other.
#include <gtest/gtest.h>

#include <string>

#include "core/bytes.hpp"
#include "mtcp/core/stream/send_half.hpp"

namespace mtcp::core::test {
namespace {

using state = send_half::state;

/// A half with credit, to which so many bytes were written.
send_half with_bytes(std::size_t size) {
  send_half half;
  half.raise_limit(1 << 20);
  half.append(bytes_of(std::string(size, 'x')));
  return half;
}

/// The same with all of it sent in one segment, whose number is 0.
send_half with_bytes_sent(std::size_t size) {
  send_half half = with_bytes(size);
  half.cut(size);
  return half;
}

TEST(SendHalf, FinIsDueOnceBehindTheLastByte) {
  send_half half = with_bytes(100);
  EXPECT_EQ(half.now(), state::ready);
  half.cut(60);
  EXPECT_EQ(half.now(), state::send);
  EXPECT_FALSE(half.begin_fin()) << "finish() was not called";
  half.finish();
  EXPECT_FALSE(half.open());
  EXPECT_FALSE(half.begin_fin()) << "bytes wait";
  half.cut(40);
  EXPECT_TRUE(half.begin_fin());
  EXPECT_EQ(half.now(), state::data_sent);
  EXPECT_FALSE(half.begin_fin());
}

TEST(SendHalf, IsOverWhenFinAndAllBytesAreAcknowledged) {
  for (const bool end_first : {true, false}) {
    send_half half = with_bytes_sent(100);
    half.finish();
    ASSERT_TRUE(half.begin_fin());
    EXPECT_TRUE(half.delivers());
    const auto acknowledge = [&half](bool end) {
      if (end) return half.acknowledge_end();
      half.acknowledge_segment(0);
    };
    acknowledge(end_first);
    EXPECT_EQ(half.now(), state::data_sent);
    EXPECT_EQ(half.delivers(), !end_first);
    acknowledge(!end_first);
    EXPECT_EQ(half.now(), state::data_recvd);
    EXPECT_TRUE(half.over());
    EXPECT_FALSE(half.reset(reset_code::reset)) << "there is nothing left to reset";
  }
}

TEST(SendHalf, AStreamWithoutBytesMayEndAtOnce) {
  send_half half;
  half.finish();
  EXPECT_TRUE(half.begin_fin());
  half.acknowledge_end();
  EXPECT_EQ(half.now(), state::data_recvd);
}

TEST(SendHalf, AResetDropsWhatWasNotSentAndWaitsForWhatWas) {
  send_half half = with_bytes(100);
  half.cut(60);
  EXPECT_TRUE(half.reset(reset_code::shutdown));
  EXPECT_EQ(half.now(), state::reset_sent);
  EXPECT_EQ(half.code(), reset_code::shutdown);
  EXPECT_EQ(half.buffer().end(), 60U);
  EXPECT_FALSE(half.open());
  EXPECT_FALSE(half.reset(reset_code::refused)) << "the first one counts";
  half.acknowledge_end();
  EXPECT_EQ(half.now(), state::reset_sent) << "the bytes before it are still delivered";
  half.acknowledge_segment(0);
  EXPECT_EQ(half.now(), state::reset_recvd);
}

TEST(SendHalf, AResetReplacesAFinThatIsNotAcknowledged) {
  send_half half = with_bytes_sent(10);
  half.finish();
  ASSERT_TRUE(half.begin_fin());
  EXPECT_TRUE(half.reset(reset_code::reset));
  half.acknowledge_segment(0);
  half.acknowledge_end();  // of either
  EXPECT_EQ(half.now(), state::reset_recvd);
  send_half late = with_bytes_sent(10);
  late.finish();
  ASSERT_TRUE(late.begin_fin());
  late.acknowledge_end();
  EXPECT_FALSE(late.reset(reset_code::reset));
  EXPECT_EQ(late.now(), state::data_sent);
}

TEST(SendHalf, AResetTakesTheDueFinAway) {
  send_half half = with_bytes(10);
  half.finish();
  EXPECT_TRUE(half.may_still_reset());
  EXPECT_TRUE(half.reset(reset_code::reset));
  EXPECT_FALSE(half.begin_fin());
}

TEST(SendHalf, AfterStopNoByteIsWaitedFor) {
  send_half half = with_bytes(100);
  half.cut(60);
  EXPECT_TRUE(half.stop());
  EXPECT_FALSE(half.stop()) << "it is news once";
  half.reset(reset_code::reset);
  half.drop_bytes();
  EXPECT_EQ(half.memory(), 0U);
  EXPECT_EQ(half.buffer().end(), 60U) << "the final offset stays";
  half.acknowledge_end();
  EXPECT_EQ(half.now(), state::reset_recvd);
}

TEST(SendHalf, AFinStaysAFinAfterStop) {
  send_half half = with_bytes_sent(10);
  half.finish();
  ASSERT_TRUE(half.begin_fin());
  half.stop();
  EXPECT_FALSE(half.may_still_reset());
  half.acknowledge_end();
  half.drop_bytes();
  EXPECT_EQ(half.now(), state::data_recvd);
  EXPECT_FALSE(half.delivers());
}

TEST(SendHalf, SendsNoFurtherThanItsCredit) {
  send_half half;
  half.append(bytes_of(std::string(100, 'x')));
  EXPECT_FALSE(half.can_send());
  EXPECT_TRUE(half.raise_limit(50));
  EXPECT_FALSE(half.raise_limit(50)) << "no news";
  EXPECT_TRUE(half.can_send());
  half.cut(50);
  EXPECT_FALSE(half.can_send());
  EXPECT_EQ(half.credit(), 0U);
  EXPECT_FALSE(half.raise_limit(20)) << "limits never fall";
  EXPECT_EQ(half.credit(), 0U);
}

}  // namespace
}  // namespace mtcp::core::test
