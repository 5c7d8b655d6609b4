#include "mtcp/session/memory_shares.hpp"

#include <gtest/gtest.h>

namespace mtcp {
namespace {

struct MemoryShares : testing::Test {
  static core::session_id session(int number) { return {std::byte(number)}; }
  static memory_shares::owner_id owner(int number) { return {std::byte(number)}; }
  void set(int which, int of, std::size_t bytes) { shares.set(session(which), owner(of), bytes); }

  memory_shares shares{1000};
};

TEST_F(MemoryShares, AreFreeUntilThereIsNoMore) {
  set(1, 1, 1000);
  EXPECT_FALSE(shares.to_shed());
  set(1, 1, 1001);
  ASSERT_TRUE(shares.to_shed());
  EXPECT_EQ(shares.to_shed()->session, session(1));
  EXPECT_EQ(shares.to_shed()->excess, 101u);
  EXPECT_FALSE(shares.to_shed()->own_limit);
  shares.remove(session(1));
  EXPECT_EQ(shares.used(), 0u);
  EXPECT_FALSE(shares.to_shed());
}

TEST_F(MemoryShares, TakeFromTheLargestSessionOfTheLargestOwner) {
  set(1, 1, 500);
  for (int i = 2; i <= 5; ++i) set(i, 2, 100 + static_cast<std::size_t>(i));
  set(6, 3, 100);
  ASSERT_TRUE(shares.to_shed());
  EXPECT_EQ(shares.to_shed()->session, session(1));
  set(7, 2, 110);
  EXPECT_EQ(shares.to_shed()->session, session(7)) << "a crowd of sessions counts as the user whose they are";
  set(7, 2, 0);
  set(1, 1, 300);
  EXPECT_FALSE(shares.to_shed());
}

TEST_F(MemoryShares, HoldAnOwnerToItsOwnLimit) {
  shares.set_limit(owner(1), 200);
  set(1, 1, 150);
  set(2, 2, 600);
  EXPECT_FALSE(shares.to_shed());
  set(3, 1, 60);
  ASSERT_TRUE(shares.to_shed());
  EXPECT_EQ(shares.to_shed()->session, session(1));
  EXPECT_EQ(shares.to_shed()->excess, 30u);
  EXPECT_TRUE(shares.to_shed()->own_limit);
  shares.set_limit(owner(1), 0);
  EXPECT_FALSE(shares.to_shed());
}

TEST_F(MemoryShares, WithoutALimitTakeNothing) {
  memory_shares any(0);
  any.set(session(1), owner(1), std::size_t{1} << 40);
  EXPECT_FALSE(any.to_shed());
  EXPECT_EQ(any.used_by(owner(1)), std::size_t{1} << 40);
  EXPECT_EQ(any.used_by(owner(2)), 0u);
}

TEST_F(MemoryShares, AddUpWhateverHappens) {
  for (int round = 0; round < 3; ++round)
    for (int i = 1; i < 50; ++i) set(i, i % 5, static_cast<std::size_t>(i * (round + 1)) % 17);
  std::size_t sum = 0;
  for (int i = 0; i < 5; ++i) sum += shares.used_by(owner(i));
  EXPECT_EQ(shares.used(), sum);
  for (int i = 1; i < 50; ++i) shares.remove(session(i));
  EXPECT_EQ(shares.used(), 0u);
}

}  // namespace
}  // namespace mtcp
