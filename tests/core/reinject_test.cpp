// What is sent again.
#include <gtest/gtest.h>

#include "mtcp/core/reinject.hpp"

namespace mtcp::core::test {
namespace {

TEST(Reinject, LostSegmentsWaitInTheirOrder) {
  reinject again;
  again.resend({1, 7});
  again.resend({2, 3});
  EXPECT_EQ(again.front().segment, 7U);
  again.pop();
  EXPECT_EQ(again.front().stream, 2U);
  again.pop();
  EXPECT_TRUE(again.empty());
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
  again.resend({1, 7});
  again.resend({2, 3});
  again.replace(9);
  for (const resend_item expected : {resend_item{1, 9}, resend_item{1, 10}, resend_item{2, 3}}) {
    EXPECT_EQ(again.front().stream, expected.stream);
    EXPECT_EQ(again.front().segment, expected.segment);
    again.pop();
  }
  EXPECT_TRUE(again.empty());
}

}  // namespace
}  // namespace mtcp::core::test
