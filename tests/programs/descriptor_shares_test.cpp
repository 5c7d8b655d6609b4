#include "server/descriptor_shares.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;

key_id holder(unsigned number) {
  key_id id{};
  id.bytes[0] = static_cast<std::byte>(number);
  return id;
}

/// Takes one at a time until there are no more.
std::size_t take_all(descriptor_shares& from, const key_id& of) {
  std::size_t count = 0;
  while (from.take(of, 1) == 1) ++count;
  return count;
}

TEST(DescriptorShares, OfOneKeyAloneAreThreeQuarters) {
  descriptor_shares shares(1000, 1);
  EXPECT_EQ(take_all(shares, holder(1)), 750U);
}

TEST(DescriptorShares, KeepAPartForEveryKey) {
  constexpr unsigned keys = 10;
  descriptor_shares shares(1000, keys);
  EXPECT_EQ(take_all(shares, holder(0)), 50U + 250U) << "its own part, and half of what is common";
  std::size_t before = 300;
  for (unsigned i = 1; i < keys; ++i) {
    const std::size_t got = take_all(shares, holder(i));
    EXPECT_GE(got, 50U) << i;
    EXPECT_LE(got, before) << i;
    before = got;
  }
}

TEST(DescriptorShares, LevelOutAsTheyAreGivenBack) {
  descriptor_shares shares(900, 2);  // 225 each, 450 in common
  const std::size_t hog = take_all(shares, holder(1));
  const std::size_t late = take_all(shares, holder(2));
  ASSERT_GT(hog, late);
  for (std::size_t i = 0; i < 6; ++i) {
    shares.give_back(holder(1), 1);
    EXPECT_EQ(shares.take(holder(2), 1), i % 2) << "half of what the one gives back goes to the other " << i;
    EXPECT_EQ(shares.take(holder(1), 1), 0U) << "and nothing to itself " << i;
  }
}

TEST(DescriptorShares, AreTakenTogetherAsFarAsTheyGo) {
  descriptor_shares shares(8, 1);  // 4, and 4 in common
  EXPECT_EQ(shares.take(holder(1), 4), 4U);
  EXPECT_EQ(shares.take(holder(1), 4), 2U);
  EXPECT_EQ(shares.take(holder(1), 4), 0U);
  {
    descriptor_shares fresh(8, 1);
    descriptor_claim claim(fresh, holder(1), 4);
    EXPECT_EQ(claim.count(), 4U);
    claim.keep(1);
    EXPECT_EQ(claim.count(), 1U);
    EXPECT_EQ(take_all(fresh, holder(1)), 5U);
    fresh.give_back(holder(1), 5);
  }
}

TEST(DescriptorShares, FollowTheNumberOfKeys) {
  descriptor_shares shares(1000, 1);
  EXPECT_EQ(take_all(shares, holder(1)), 750U);
  shares.set_keys(100);  // 5 each
  EXPECT_EQ(shares.take(holder(1), 1), 0U);
  EXPECT_EQ(take_all(shares, holder(2)), 5U) << "nothing common is left";
  shares.give_back(holder(1), 750);
  EXPECT_EQ(take_all(shares, holder(1)), 5U + 250U);
}

TEST(DescriptorShares, MayBeFewerThanKeys) {
  descriptor_shares shares(10, 1000);
  EXPECT_EQ(take_all(shares, holder(1)), 5U);
  EXPECT_EQ(take_all(shares, holder(2)), 3U);
}

TEST(DescriptorShares, AreComplainedOfNowAndThen) {
  descriptor_shares shares(1, 1);
  const auto now = descriptor_shares::clock::now();
  EXPECT_TRUE(shares.may_complain(holder(1), now));
  EXPECT_FALSE(shares.may_complain(holder(1), now + 9s));
  EXPECT_TRUE(shares.may_complain(holder(2), now + 9s));
  EXPECT_TRUE(shares.may_complain(holder(1), now + 10s));
}

TEST(DescriptorShares, AreSharedByThreads) {
  descriptor_shares shares(1000, 4);
  const auto churn = [&](unsigned number) {
    for (int i = 0; i < 10'000; ++i) descriptor_claim(shares, holder(number % 2), 4).keep(1);
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 4; ++i) threads.emplace_back(churn, i);
  }
  EXPECT_EQ(take_all(shares, holder(1)), 125U + 250U) << "all was given back";
}

}  // namespace
}  // namespace mtcp::server
