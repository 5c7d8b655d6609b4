// What has arrived on a bridge, and what was told of it.
#include <gtest/gtest.h>

#include <chrono>

#include "mtcp/core/bridge/receipt.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

TEST(Receipt, ACountIsToldByBothAcks) {
  receipt got;
  got.on_taken(100, 1s);
  EXPECT_EQ(got.untold(), 100U);
  got.tell(ack_copy::both);
  EXPECT_EQ(got.untold(), 0U) << "it is about to be";
  EXPECT_TRUE(got.to_be_told(ack_copy::first));
  got.on_told(ack_copy::first);
  EXPECT_FALSE(got.to_be_told(ack_copy::first));
  EXPECT_TRUE(got.to_be_told(ack_copy::second));
  got.on_told(ack_copy::second);
  EXPECT_FALSE(got.to_be_told(ack_copy::second));
}

TEST(Receipt, WhatTheSecondAckWillTellIsNoNews) {
  receipt got;
  got.on_taken(100, 1s);
  got.tell(ack_copy::both);
  got.on_taken(50, 2s);
  EXPECT_EQ(got.untold(), 50U);
  got.on_told(ack_copy::first);
  EXPECT_EQ(got.untold(), 0U);
}

// On a slow line a record takes its time, of which TCP has a part.
TEST(Receipt, HearsPartsOfRecords) {
  receipt got;
  got.on_heard(1s);
  got.on_tcp(1000, 2s);
  got.on_tcp(1000, 3s);
  EXPECT_EQ(got.heard_at(), 1s);
  EXPECT_EQ(got.tcp_heard_at(), 2s);
  got.on_heard(4s);
  EXPECT_EQ(got.tcp_heard_at(), 4s);
}

TEST(Receipt, TellsEverythingAgainWhenAcksMayBeLost) {
  receipt got;
  got.on_taken(100, 1s);
  got.tell(ack_copy::first);
  got.on_told(ack_copy::first);
  got.untell();
  EXPECT_EQ(got.untold(), 100U);
}

}  // namespace
}  // namespace mtcp::core::test
