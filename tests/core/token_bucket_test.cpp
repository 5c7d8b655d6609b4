// A rate with a burst.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/base/token_bucket.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, RefillsAtItsRateUpToTheBurst) {
  token_bucket bucket(1000, 100);
  bucket.refill(1s);
  bucket.spend(150);
  EXPECT_TRUE(bucket.empty());
  EXPECT_EQ(std::chrono::ceil<std::chrono::milliseconds>(bucket.ready_at() - 1s).count(), 51);
  bucket.refill(1s + 60ms);
  EXPECT_FALSE(bucket.empty());
  bucket.refill(10s);
  EXPECT_EQ(bucket.level(), 100);
}

}  // namespace
}  // namespace mtcp::core::test
