// What is sent on a bridge and not acknowledged yet.
#include <gtest/gtest.h>

#include <vector>

#include "mtcp/core/bridge/flight.hpp"

namespace mtcp::core::test {
namespace {

/// One DATA frame of the segment with that number, handed over by itself.
void send(bridge_flight& flight, std::uint64_t number, std::size_t size) {
  sent_frame frame;
  frame.what = sent_segment{1, number, static_cast<std::uint32_t>(size)};
  flight.add(frame, size, size);
  flight.on_sent(size);
}

struct arrivals {
  std::vector<std::uint64_t> numbers;
  void operator()(const sent_frame& f) { numbers.push_back(f.segment()->number); }
};

std::vector<std::uint64_t> acknowledge(bridge_flight& flight, std::uint64_t count) {
  arrivals got;
  flight.acknowledge(count, [&](const sent_frame& f) { got(f); });
  return got.numbers;
}

using numbers = std::vector<std::uint64_t>;

TEST(BridgeFlight, ACountAcknowledgesTheFramesThatAreWhole) {
  bridge_flight flight;
  for (std::uint64_t i = 0; i < 4; ++i) send(flight, i, 100);
  EXPECT_EQ(flight.in_flight(), 400U);
  EXPECT_EQ(acknowledge(flight, 99), numbers{});
  EXPECT_EQ(flight.rest_of_oldest(), 1U);
  EXPECT_EQ(acknowledge(flight, 250), (numbers{0, 1}));
  EXPECT_EQ(flight.in_flight(), 150U);
  EXPECT_EQ(acknowledge(flight, 200), numbers{}) << "counts never fall";
  EXPECT_EQ(flight.acked(), 250U);
  EXPECT_EQ(acknowledge(flight, 400), (numbers{2, 3}));
  EXPECT_TRUE(flight.empty());
  EXPECT_EQ(flight.in_flight(), 0U);
}

TEST(BridgeFlight, TellsWhichBytesAreNews) {
  bridge_flight flight;
  const auto ignore = [](const sent_frame&) {};
  send(flight, 0, 100);
  EXPECT_EQ(flight.acknowledge(60, ignore), 60U);
  EXPECT_EQ(flight.acknowledge(60, ignore), 0U);
  EXPECT_EQ(flight.acknowledge(100, ignore), 40U);
}

// Else an end that only receives would seem to have a full bridge, and to be quick when it speaks at last.
TEST(BridgeFlight, WhatNobodyAcknowledgesIsNotInFlight) {
  bridge_flight flight;
  flight.on_sent(5'000);
  EXPECT_EQ(flight.in_flight(), 0U);
  send(flight, 0, 100);
  EXPECT_EQ(flight.in_flight(), 100U);
  EXPECT_EQ(flight.acknowledge(5'100, [](const sent_frame&) {}), 100U);
  EXPECT_EQ(flight.sent(), 5'100U);
}

// A transmission is counted as sent when all of it was written.
TEST(BridgeFlight, FramesOfOneTransmissionEndOneBehindTheOther) {
  bridge_flight flight;
  sent_frame first, second;
  first.what = sent_segment{1, 0, 80};
  second.what = sent_segment{1, 1, 40};
  flight.add(first, 100, 130);  // behind an ACK of 30 bytes
  flight.add(second, 50, 180);
  flight.on_sent(180);
  EXPECT_EQ(flight.in_flight(), 150U);
  EXPECT_EQ(acknowledge(flight, 130), numbers{0});
  EXPECT_EQ(acknowledge(flight, 180), numbers{1});
}

TEST(BridgeFlight, IsGivenUpOnceAndMayStillBeAcknowledged) {
  bridge_flight flight;
  send(flight, 0, 100);
  send(flight, 1, 100);
  arrivals lost;
  flight.give_up([&](const sent_frame& f) { lost(f); });
  send(flight, 2, 100);
  flight.give_up([&](const sent_frame& f) { lost(f); });
  EXPECT_EQ(lost.numbers, (numbers{0, 1, 2}));
  EXPECT_EQ(acknowledge(flight, 200), (numbers{0, 1}));
  flight.forget();
  EXPECT_EQ(acknowledge(flight, 300), numbers{});
}

TEST(BridgeFlight, KnowsWhatAFrameWas) {
  sent_frame frame;
  EXPECT_EQ(frame.segment(), nullptr);
  EXPECT_EQ(frame.control(), nullptr);
  EXPECT_EQ(frame.stream_bytes(), 0U);
  frame.what = sent_control{{control::fin, 7}, 3};
  ASSERT_NE(frame.control(), nullptr);
  EXPECT_EQ(frame.control()->item.id, 7U);
  frame.what = sent_segment{7, 1, 500};
  EXPECT_EQ(frame.stream_bytes(), 500U);
}

}  // namespace
}  // namespace mtcp::core::test
