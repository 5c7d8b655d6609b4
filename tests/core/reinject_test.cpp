// What is sent again.
#include <gtest/gtest.h>

#include "mtcp/core/reinject.hpp"

namespace mtcp::core::test {
namespace {

void expect_order(reinject& again, std::initializer_list<resend_item> expected) {
  for (const resend_item& next : expected) {
    ASSERT_FALSE(again.empty());
    EXPECT_EQ(again.front().stream, next.stream);
    EXPECT_EQ(again.front().segment, next.segment);
    EXPECT_EQ(again.front().offset, next.offset);
    again.pop();
  }
  EXPECT_TRUE(again.empty());
}

// One bridge after the other falls silent, and copies of what was lost first are lost last.
TEST(Reinject, WhatAReaderWaitsForComesFirst) {
  reinject again;
  again.resend({1, 8, 8000});
  again.resend({1, 9, 9000});
  again.resend({1, 7, 7000});
  expect_order(again, {{1, 7, 7000}, {1, 8, 8000}, {1, 9, 9000}});
}

TEST(Reinject, StreamsTakeTurns) {
  reinject again;
  for (std::uint64_t i = 0; i < 3; ++i) again.resend({1, i, 1000 * i});
  again.resend({2, 5, 400});
  again.resend({2, 4, 300});
  expect_order(again, {{1, 0, 0}, {2, 4, 300}, {1, 1, 1000}, {2, 5, 400}, {1, 2, 2000}});
}

TEST(Reinject, OneThatIsLostTwiceWaitsOnce) {
  reinject again;
  again.resend({1, 7, 7000});
  again.resend({1, 7, 7000});
  expect_order(again, {{1, 7, 7000}});
}

TEST(Reinject, NewBytesPayForOneCopyInTwenty) {
  reinject again;
  EXPECT_TRUE(again.may_copy());
  again.on_copy(256 << 10);
  EXPECT_FALSE(again.may_copy()) << "of 256 KiB at the start";
  again.on_new_bytes(1000);
  EXPECT_TRUE(again.may_copy());
  again.on_copy(50);
  EXPECT_FALSE(again.may_copy());
}

TEST(Reinject, CopiesThatNeedNoAllowanceLeaveNoDebt) {
  reinject again;
  for (int i = 0; i < 100; ++i) again.on_copy(64 << 10);
  again.on_new_bytes(std::size_t{64} << 15);
  EXPECT_TRUE(again.may_copy());
}

TEST(Reinject, SavesUpNoMoreThanFourMegabytes) {
  reinject again;
  again.on_new_bytes(std::size_t{200} << 20);
  again.on_copy((4 << 20) - 1);
  EXPECT_TRUE(again.may_copy());
  again.on_copy(1);
  EXPECT_FALSE(again.may_copy());
}

TEST(Reinject, HalvesTakeThePlaceOfTheWhole) {
  reinject again;
  again.resend({1, 7, 7000});
  again.resend({1, 8, 8000});
  again.replace(9, 600);
  expect_order(again, {{1, 9, 7000}, {1, 10, 7600}, {1, 8, 8000}});
}

}  // namespace
}  // namespace mtcp::core::test
