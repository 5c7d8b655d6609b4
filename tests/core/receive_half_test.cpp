// The states of a stream's receiving half, and what leads from one to the other.
#include <gtest/gtest.h>

#include <string>

#include "core/bytes.hpp"
#include "mtcp/core/stream/receive_half.hpp"

namespace mtcp::core::test {
namespace {

using state = receive_half::state;

/// A half with credit, and what it takes that from.
struct granted_half : receive_half {
  granted_half() { window().begin_early(granted, budget); }

  limits granted;
  credit_budget budget{granted.receive_budget};
};

void arrive(receive_half& half, std::uint64_t offset, std::size_t size) {
  half.advance(offset + size);
  half.insert(offset, slice::copy_of(bytes_of(std::string(size, 'x'))));
}

std::size_t read(receive_half& half, std::size_t most) {
  std::string out(most, '\0');
  return half.read([&](reorder_buffer& from) { return from.read(std::as_writable_bytes(std::span(out))); });
}

TEST(ReceiveHalf, IsReadToItsEnd) {
  granted_half half;
  arrive(half, 0, 10);
  EXPECT_EQ(half.now(), state::recv);
  EXPECT_TRUE(half.finish(30));
  EXPECT_FALSE(half.finish(30)) << "it is news once";
  EXPECT_EQ(half.now(), state::size_known);
  arrive(half, 20, 10);
  EXPECT_EQ(half.now(), state::size_known) << "there is a hole";
  arrive(half, 10, 10);
  EXPECT_EQ(half.now(), state::data_recvd);
  EXPECT_EQ(read(half, 29), 29U);
  EXPECT_FALSE(half.over());
  EXPECT_EQ(read(half, 29), 1U);
  EXPECT_EQ(half.now(), state::data_read);
  EXPECT_TRUE(half.over());
  EXPECT_FALSE(half.reset(30, reset_code::reset)) << "the program has seen the end already";
  EXPECT_EQ(half.now(), state::data_read);
}

TEST(ReceiveHalf, AnEmptyStreamIsReadWhenItsEndWasHandedOut) {
  granted_half half;
  half.finish(0);
  EXPECT_EQ(half.now(), state::data_recvd);
  EXPECT_FALSE(half.over());
  EXPECT_EQ(read(half, 1), 0U);
  EXPECT_EQ(half.now(), state::data_read);
}

TEST(ReceiveHalf, BytesBeforeAResetAreStillRead) {
  granted_half half;
  arrive(half, 0, 10);
  EXPECT_TRUE(half.reset(20, reset_code::shutdown));
  EXPECT_FALSE(half.reset(20, reset_code::reset)) << "the first one counts";
  EXPECT_EQ(half.now(), state::reset_recvd);
  EXPECT_EQ(half.code(), reset_code::shutdown);
  EXPECT_EQ(read(half, 100), 10U);
  EXPECT_EQ(half.now(), state::reset_recvd) << "bytes are on their way";
  arrive(half, 10, 10);
  EXPECT_EQ(read(half, 100), 10U);
  EXPECT_EQ(half.now(), state::reset_read);
  EXPECT_TRUE(half.over());
}

TEST(ReceiveHalf, AResetReplacesAnEndThatWasNotRead) {
  granted_half half;
  arrive(half, 0, 10);
  half.finish(10);
  EXPECT_EQ(half.now(), state::data_recvd);
  EXPECT_TRUE(half.reset(10, reset_code::reset));
  EXPECT_FALSE(half.finish(10));
  EXPECT_EQ(read(half, 100), 10U);
  EXPECT_EQ(half.now(), state::reset_read);
}

TEST(ReceiveHalf, WhoHasStoppedWaitsForTheSizeOnly) {
  granted_half half;
  arrive(half, 0, 10);
  arrive(half, 20, 10);
  EXPECT_EQ(half.unread(), 30U);
  half.stop(reset_code::reset);
  EXPECT_EQ(half.memory(), 0U);
  EXPECT_FALSE(half.over());
  half.finish(100);
  EXPECT_TRUE(half.over());
}

TEST(ReceiveHalf, TheEndMayNotMoveNorBytesComeBehindIt) {
  granted_half half;
  arrive(half, 0, 10);
  EXPECT_EQ(half.check_end(9), violation::final_size) << "there were more bytes";
  EXPECT_EQ(half.check_end(10), violation::none);
  half.finish(10);
  EXPECT_EQ(half.check_end(11), violation::final_size);
  EXPECT_EQ(half.check_data(11), violation::final_size);
  EXPECT_EQ(half.check_data(10), violation::none);
}

TEST(ReceiveHalf, NothingIsBeyondItsCredit) {
  granted_half half;
  const std::uint64_t limit = half.window().granted();
  EXPECT_EQ(half.check_data(limit), violation::none);
  EXPECT_EQ(half.check_data(limit + 1), violation::window_overrun);
  EXPECT_EQ(half.check_end(limit + 1), violation::window_overrun);
}

TEST(ReceiveHalf, CountsTheHighestOffsetOnce) {
  granted_half half;
  EXPECT_EQ(half.advance(30), 30U);
  EXPECT_EQ(half.advance(10), 0U);
  EXPECT_EQ(half.advance(35), 5U);
  EXPECT_EQ(half.highest(), 35U);
}

}  // namespace
}  // namespace mtcp::core::test
